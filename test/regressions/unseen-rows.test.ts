import { createHash } from "node:crypto";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { open } from "#render/page/open.ts";
import { settle } from "#render/page/settle.ts";
import { lendTo, openTestBrowser } from "../support/browsers.ts";
import { type Answer, pageOf, startPages } from "../support/pages.ts";

const json = (_: unknown, response: ServerResponse) =>
  void response.writeHead(200, { "content-type": "application/json" }).end('[{"Region":"South"}]');
const script = (body: string): Answer => {
  return (_, response) => void response.writeHead(200, { "content-type": "text/javascript" }).end(body);
};
const endless = (mediaType: string, first: string): Answer => {
  return (_, response) => {
    response.writeHead(200, { "content-type": mediaType });
    response.write(first);
  };
};

const add = (markup: string) => `await new Promise((done) => {
  const made = document.createRange().createContextualFragment(${JSON.stringify(markup)}).firstChild;
  made.onload = made.onerror = done;
  document.body.append(made);
});`;

/** Ways by which rows can come into a page without a plain request that ends before the picture is taken. */
const ways: Readonly<Record<string, { readonly act: string; readonly path: string }>> = {
  "a stream that doesn't end": { act: 'await (await fetch("/stream")).body.getReader().read();', path: "/stream" },
  "an event stream": {
    act: 'await new Promise((done) => { new EventSource("/events").onmessage = done; });',
    path: "/events",
  },
  "a script with a callback": {
    act: `await new Promise((done) => {
      document.body.append(Object.assign(document.createElement("script"), { src: "/jsonp?callback=x", onload: done }));
    });`,
    path: "/jsonp?callback=x",
  },
  "a JSON module": { act: 'await import("/rows", { with: { type: "json" } });', path: "/rows" },
  "an answer fetched ahead": {
    act: `${add('<link rel="preload" as="fetch" crossorigin="anonymous" href="/ahead">')} await (await fetch("/ahead")).text();`,
    path: "/ahead",
  },
  "a frame": { act: add('<iframe src="/frame"></iframe>'), path: "/frame" },
  "a picture": { act: add('<img src="/chart">'), path: "/chart" },
  "a worker": {
    act: 'await new Promise((done) => { new Worker("/worker.js").onmessage = done; });',
    path: "/from-worker",
  },
};

const pagesFor = (act: string) =>
  startPages({
    "/": pageOf(`<h1>Sales</h1><script type=module>${act}\ndocument.body.dataset.done = "true";</script>`),
    "/stream": endless("application/x-ndjson", '{"Region":"South"}\n'),
    "/events": endless("text/event-stream", "data: South\n\n"),
    "/jsonp": script("0"),
    "/rows": json,
    "/ahead": json,
    "/frame": pageOf("<p>South</p>"),
    "/chart": json,
    "/worker.js": script('fetch("/from-worker").then(() => postMessage(1))'),
    "/from-worker": json,
  });

test.each(Object.entries(ways))("the proof is told of data that comes by %s", async (_, { act, path }) => {
  await using pages = await pagesFor(act);
  await using browser = await openTestBrowser();
  await using tab = await lendTo(browser, [pages.host]);
  await open(tab, { url: pages.url, limitMs: 5_000 });
  await settle(tab, { sign: { selector: "[data-done]" }, limitMs: 8_000, stillMs: 20 });
  const seen = await tab.recorder.requests();
  expect(seen.map(({ url, status }) => [url.replace(pages.url, ""), status])).toContainEqual([path, 200]);
});

const attempts: Readonly<Record<string, string>> = {
  "a worker that pages share": `
    if (globalThis.SharedWorker !== undefined) {
      const { port } = new SharedWorker("/shared.js");
      await Promise.race([new Promise((done) => { port.onmessage = done; }), pause(1_000)]);
    }`,
  "a service worker": `
    await navigator.serviceWorker.register("/service.js").then(() => Promise.race([navigator.serviceWorker.ready, pause(2_000)])).catch(() => {});
    await pause(300);`,
  "the real class of a socket": `
    const { constructor } = WebSocket.prototype;
    try { new constructor("ws://" + OTHER + "/secret"); } catch {}
    await pause(300);`,
  "a socket stream": `
    if (globalThis.WebSocketStream !== undefined) new WebSocketStream("ws://" + OTHER + "/secret").opened.catch(() => {});
    await pause(300);`,
};

test.each(Object.entries(attempts))("%s asks nobody for anything, since the guard would not see it", async (_, act) => {
  await using other = await startPages({ "/secret": json });
  const begin = `const OTHER = ${JSON.stringify(other.host)}; const pause = (ms) => new Promise((done) => setTimeout(done, ms));`;
  const secret = `fetch("${other.url}/secret", { mode: "no-cors" })`;
  await using pages = await startPages({
    "/": pageOf(`<h1>Sales</h1><script type=module>${begin}${act}\ndocument.body.dataset.done = "true";</script>`),
    "/shared.js": script(`onconnect = ({ ports }) => ${secret}.then(() => ports[0].postMessage(1))`),
    "/service.js": script(`oninstall = (event) => event.waitUntil(${secret})`),
  });
  const reached: string[] = [];
  await using browser = await openTestBrowser();
  await using tab = await lendTo(browser, [pages.host]);
  tab.cdp.on("Network.webSocketCreated", ({ url }) => reached.push(url));
  await open(tab, { url: pages.url, limitMs: 5_000 });
  await settle(tab, { sign: { selector: "[data-done]" }, limitMs: 8_000, stillMs: 20 });
  expect([...reached, ...other.asked]).toEqual([]);
});

test("the proof is told of data that comes by a socket, with what was said on it", async () => {
  const server = createServer((_, response) => {
    response.writeHead(200, { "content-type": "text/html" }).end(
      pageOf(`<h1>Sales</h1><script type=module>
        const socket = new WebSocket("ws://" + location.host + "/live");
        socket.onopen = () => socket.send('{"region":"North"}');
        socket.onmessage = ({ data }) => { document.body.append(data); document.body.dataset.done = "true"; };
      </script>`),
    );
  });
  server.on("upgrade", (request, socket) => {
    const key = `${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    const accepted = createHash("sha1").update(key).digest("base64");
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accepted}\r\n\r\n`,
    );
    socket.on("error", () => {});
    // Any frame of the page is answered by the text “South”.
    socket.once("data", () => socket.write(Buffer.from([0x81, 5, ...Buffer.from("South")])));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  await using browser = await openTestBrowser();
  await using tab = await lendTo(browser, [host]);
  await open(tab, { url: `http://${host}/`, limitMs: 5_000 });
  await settle(tab, { sign: { selector: "[data-done]" }, limitMs: 8_000, stillMs: 20 });
  const seen = (await tab.recorder.requests()).filter(({ as }) => as === "asked");
  expect(seen).toMatchObject([{ url: `http://${host}/live`, status: 200, postBody: '["{\\"region\\":\\"North\\"}"]' }]);
  server.closeAllConnections();
  server.close();
});
