import { createServer, type RequestListener } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import { instantOf } from "#model/time.ts";
import type { ProbeAnswer } from "#readiness/port.ts";
import { httpProbe } from "#readiness/probes/http.ts";

const serve = async (answer: RequestListener): Promise<string> => {
  const server = createServer(answer);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
};

const ask = (url: string, expected: string | null = null): Promise<ProbeAnswer> => {
  const question = { nominal: instantOf(0), date: "2026-11-20", filters: null };
  return httpProbe({ kind: "http", url, expect: expected }, fetch).ask(question, AbortSignal.timeout(10_000));
};

const saying = (body: string, status = 200): Promise<string> =>
  serve((_, response) => response.writeHead(status).end(body));

test("a status of 2xx is ready, any other is not", async () => {
  expect(await ask(await saying("", 204))).toMatchObject({ ready: true });
  expect(await ask(await saying("done", 503), "done")).toEqual({
    ready: false,
    words: "it answered with status 503",
    dataAsOf: null,
  });
});

test.each([
  ["done", true],
  ["/status=done", true],
  ["/status=running", false],
  ["/loads/0/date={date}", true],
  ["/loads/0/rows=42", true],
  ["/a~1b=x", true],
  ["/nothing/here=x", false],
  ["/constructor=x", false],
  ["failed", false],
])("expecting %s", async (expected, ready) => {
  const body = JSON.stringify({ status: "done", loads: [{ date: "2026-11-20", rows: 42 }], "a/b": "x" });
  expect((await ask(await saying(body), expected)).ready).toBe(ready);
});

test("a pointer into what isn't JSON is not ready", async () => {
  expect(await ask(await saying("<html>"), "/status=done")).toMatchObject({
    ready: false,
    words: "/status is missing, wanted is “done”",
  });
});

test("the slot's date stands in the address", async () => {
  const url = await serve((request, response) => response.end(request.url));
  expect(await ask(`${url}/loads/{date}`, "/loads/2026-11-20")).toMatchObject({ ready: true });
});

test("redirects are followed on the same host only, and not for ever", async () => {
  const other = await saying("done");
  const url = await serve((request, response) => {
    const places: Record<string, string> = { "/a": "/b", "/away": other, "/round": "/round" };
    const place = places[request.url ?? ""];
    if (place === undefined) response.end("done");
    else response.writeHead(302, { location: place }).end();
  });
  expect(await ask(`${url}/a`, "done")).toMatchObject({ ready: true });
  await expect(ask(`${url}/away`)).rejects.toMatchObject({
    code: "readiness.probe",
    message: expect.stringContaining("another host"),
  });
  await expect(ask(`${url}/round`)).rejects.toMatchObject({
    code: "readiness.probe",
    message: expect.stringContaining("more than 5"),
  });
});

test("an endless answer is cut off", async () => {
  const url = await serve((_, response) => {
    const more = (): void =>
      void (response.write("x".repeat(65_536)) ? setImmediate(more) : response.once("drain", more));
    more();
  });
  await expect(ask(url, "done")).rejects.toMatchObject({
    code: "readiness.probe",
    message: expect.stringContaining("longer"),
  });
});

test("nobody there is a fault that says why", async () => {
  await expect(ask("http://127.0.0.1:1/")).rejects.toMatchObject({
    code: "readiness.probe",
    retry: "later",
    message: expect.stringMatching(/ECONNREFUSED|bad port/),
  });
});
