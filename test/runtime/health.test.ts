import { once } from "node:events";
import { createServer } from "node:net";
import { expect, test, vi } from "vitest";
import { openHttp } from "#app/http.ts";
import { startHealth } from "#runtime/health.ts";
import { judgeHealth } from "#runtime/health-plan.ts";
import type { Loop } from "#runtime/loop.ts";

const loop = (name: string, silentMs: number): Loop => ({
  name,
  stallMs: 5_000,
  progress: () => ({ lastAt: null, workingSince: null, faultsInARow: silentMs > 5_000 ? 3 : 0, silentMs }),
  stop: async () => true,
});

const ask = async (port: number, path: string) => {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`);
  return { status: answer.status, text: await answer.text() };
};

const free = { host: "127.0.0.1", port: 0, inner: null };

test("a process whose loops get on is ready; one whose loop stands still is named, and alive all the same", async () => {
  const loops = [loop("tick", 10)];
  await using health = await startHealth(free, () => loops);
  await vi.waitFor(async () => expect(await ask(health.port, "/readyz")).toMatchObject({ status: 200 }));
  loops.push(loop("draw-0", 9_000));
  await vi.waitFor(async () => expect((await ask(health.port, "/readyz")).status).toBe(503), 5_000);
  expect((await ask(health.port, "/readyz")).text).toMatch(/draw-0 has not got on for 9 s, after 3 faults in a row/);
  expect(await ask(health.port, "/livez")).toMatchObject({ status: 200 });
  expect(await ask(health.port, "/else")).toMatchObject({ status: 404 });
});

test("a loop that fails again and again is named after a minute, long before its longest round would end", async () => {
  const long = (silentMs: number, faultsInARow: number) =>
    judgeHealth({ agoMs: 0, loops: [{ name: "post-0", silentMs, faultsInARow, stallMs: 600_000 }] });
  expect(long(61_000, 0).isReady).toBe(true);
  expect(long(61_000, 2).isReady).toBe(true);
  expect(long(59_000, 3).isReady).toBe(true);
  expect(long(61_000, 3)).toMatchObject({ isReady: false, isAlive: true });
});

test("it answers while the thread that works is kept busy, and counts that time as silence", async () => {
  const loops = [{ ...loop("tick", 0), stallMs: 700 }];
  await using health = await startHealth(free, () => loops);
  await vi.waitFor(async () => expect(await ask(health.port, "/readyz")).toMatchObject({ status: 200 }));
  // The asking happens in a process of its own, since this thread does nothing else meanwhile.
  const { spawnSync } = await import("node:child_process");
  const script = `setTimeout(async () => console.log((await fetch("http://127.0.0.1:${health.port}/readyz")).status), 1200)`;
  const { stdout } = spawnSync(process.execPath, ["-e", script], { encoding: "utf8" });
  expect(stdout.trim()).toBe("503");
});

test("everything else goes to the thread that works, with its body and its headers", async () => {
  const fetchInside = async (request: Request) =>
    new Response(
      `${request.method} ${new URL(request.url).pathname} ${request.headers.get("x-one")} ${await request.text()}`,
      {
        status: 201,
        headers: { "x-two": "2" },
      },
    );
  await using http = await openHttp(
    { host: "127.0.0.1", port: 0 },
    { loops: () => [loop("tick", 1)], fetch: fetchInside },
  );
  const answer = await fetch(`http://127.0.0.1:${http.port}/metrics?all`, {
    method: "POST",
    body: "hello",
    headers: { "x-one": "1" },
  });
  expect([answer.status, answer.headers.get("x-two"), await answer.text()]).toEqual([
    201,
    "2",
    "POST /metrics 1 hello",
  ]);
});

test("a port that somebody else has is told with what to do", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const address = other.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  await expect(startHealth({ ...free, port }, () => [])).rejects.toMatchObject({ code: "web.listen" });
  other.close();
});
