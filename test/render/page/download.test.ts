import { afterAll, beforeAll, expect, test } from "vitest";
import type { WarmBrowser } from "#render/browser.ts";
import { download } from "#render/page/download.ts";
import { fillForm } from "#render/page/form.ts";
import { open } from "#render/page/open.ts";
import { settle } from "#render/page/settle.ts";
import { lendTo, openTestBrowser } from "../../support/browsers.ts";
import { type Answer, type Pages, pageOf, startPages } from "../../support/pages.ts";

let browser: WarmBrowser;
let pages: Pages;
const rows = 'Region,Revenue\r\n"O\'Brien, Coast",1204\r\n日本,900\r\n';
const csv =
  (text: string | Buffer): Answer =>
  (_, response) =>
    void response.writeHead(200, { "content-type": "text/csv; charset=utf-8" }).end(text);

beforeAll(async () => {
  browser = await openTestBrowser();
  pages = await startPages({
    "/": pageOf("<h1>Sales</h1><script>window.fetch = () => { throw new Error('changed by the page') }</script>"),
    "/rows.csv": csv(rows),
    "/big.csv": csv(Buffer.alloc(400_000, "x")),
    "/private.csv": (request, response) => {
      const isIn = request.headers.cookie?.includes("session=good") === true;
      response.writeHead(isIn ? 200 : 401, { "content-type": "text/csv" }).end(isIn ? rows : "no");
    },
    "/page.csv": pageOf("<form><input type=password></form>"),
    "/broken.csv": (_, response) => void response.writeHead(500).end(),
    "/silent.csv": () => {},
    "/leaves.csv": (_, response) => void response.writeHead(302, { location: "http://169.254.169.254/" }).end(),
    "/signin": (request, response) => {
      let body = "";
      request.on("data", (piece) => (body += piece));
      request.on("end", () => {
        const isRight = body.includes("password=right+%26+wrong");
        if (request.method === "GET" || !isRight) {
          response.writeHead(request.method === "GET" ? 200 : 401, { "content-type": "text/html" });
          return response.end(
            pageOf(
              "<form method=post><input name=username><input type=password name=password><button type=submit>Sign in</button></form>",
            ),
          );
        }
        response.writeHead(303, { location: "/", "set-cookie": "session=good; HttpOnly" }).end();
      });
    },
    "/two-steps":
      pageOf(`<form id=f onsubmit="return next()"><input name=username><span id=more></span><button type=submit>Next</button></form>
      <script>const next = () => { if (f.password) { location.href = "/"; return false; } setTimeout(() => { more.innerHTML = "<input type=password name=password>" }, 100); return false; }</script>`),
  });
});
afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  await pages[Symbol.asyncDispose]();
});

const opened = async (path = "/") => {
  const tab = await lendTo(browser, [pages.host]);
  await open(tab, { url: `${pages.url}${path}`, limitMs: 5_000 });
  return tab;
};

const fetching = async (path: string, maxBytes = 100_000, limitMs = 5_000) => {
  await using tab = await opened();
  return await download(tab, { url: `${pages.url}${path}`, maxBytes, limitMs });
};

test("a file comes byte for byte, whatever the page has made of fetch", async () => {
  const { bytes, mediaType } = await fetching("/rows.csv");
  expect(Buffer.from(bytes).toString("utf8")).toBe(rows);
  expect(mediaType).toContain("text/csv");
  expect((await fetching("/big.csv", 400_000)).bytes).toHaveLength(400_000);
});

test.each([
  ["a page instead of rows", "/page.csv", "render.export", "never-or-later"],
  ["an error of the server", "/broken.csv", "render.export", "later"],
  ["an address that isn't there", "/absent.csv", "render.export", "never"],
  ["more than the limit", "/big.csv", "render.export", "never"],
  ["no sign-in", "/private.csv", "server.signin", "later"],
  ["a redirect to the metadata address", "/leaves.csv", "server.host-refused", "never"],
])("%s is a fault", async (...[, path, code, retry]) => {
  const expected = retry === "never-or-later" ? { code } : { code, retry };
  await expect(fetching(path)).rejects.toMatchObject(expected);
});

test("a file that doesn't come is a fault within the limit", async () => {
  await expect(fetching("/silent.csv", 1_000, 500)).rejects.toMatchObject({ retry: "later" });
});

const form = {
  userField: "[name=username]",
  passwordField: "[name=password]",
  submit: "[type=submit]",
  user: "daybreak",
};

test("a form is filled and the sign-in lasts into the next renders", async () => {
  await using first = await opened("/signin");
  await fillForm(first.page, { ...form, password: "right & wrong" }, 5_000);
  expect(first.page.url()).toBe(`${pages.url}/`);
  await first[Symbol.asyncDispose]();
  expect(Buffer.from((await fetching("/private.csv")).bytes).toString()).toBe(rows);
});

test("a refused sign-in stays on its page and ends within the limit", async () => {
  await using tab = await opened("/signin");
  await fillForm(tab.page, { ...form, password: "no" }, 5_000);
  expect(tab.page.url()).toBe(`${pages.url}/signin`);
});

test("a form of two steps is filled step by step", async () => {
  await using tab = await opened("/two-steps");
  await fillForm(tab.page, { ...form, password: "x" }, 5_000);
  await settle(tab, { sign: { selector: "h1" }, limitMs: 5_000, stillMs: 20 });
  expect(tab.page.url()).toBe(`${pages.url}/`);
});

test("a form that isn't there is a fault that names the field and not the password", async () => {
  await using tab = await opened();
  const filling = fillForm(tab.page, { ...form, password: "right & wrong" }, 400);
  await expect(filling).rejects.toMatchObject({ message: expect.not.stringContaining("right") });
});
