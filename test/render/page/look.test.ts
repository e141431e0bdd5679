import { afterAll, beforeAll, expect, test } from "vitest";
import type { WarmBrowser } from "#render/browser.ts";
import { inspect } from "#render/inspect.ts";
import { look, readDate, readTexts } from "#render/page/look.ts";
import { open } from "#render/page/open.ts";
import { lendTo, openTestBrowser } from "../../support/browsers.ts";
import { type Pages, pageOf, startPages } from "../../support/pages.ts";

let browser: WarmBrowser;
let pages: Pages;
beforeAll(async () => {
  browser = await openTestBrowser();
  pages = await startPages({
    "/blank": pageOf(""),
    "/dark-blank": pageOf("<style>html{background:#111}</style><div hidden>Sales</div>"),
    "/login": pageOf("<form><input name=user><input type=password><button>Sign in</button></form>"),
    "/hidden-login": pageOf("<h1>Sales 1,204</h1><form hidden><input type=password></form>"),
    "/error": pageOf("<h1>502 Bad Gateway</h1><hr>nginx"),
    "/tiles": pageOf(
      `<main><section class=tile><h2>Sales</h2>1,204</section><section class=tile aria-label="Stock"><p role=alert>Query failed</p></section>
       <p class=as-of>Data as of <b>2026-11-20</b></p></main>`,
    ),
    "/dates": pageOf(
      `<p class=plain> 20 November </p><time class=own datetime="2026-11-20">20 November</time><p class=within>As of <time datetime="2026-11-19">yesterday</time></p>`,
    ),
    "/signin": pageOf("<h1>Welcome back</h1>"),
  });
});
afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  await pages[Symbol.asyncDispose]();
});

const looking = async (path: string) => {
  await using tab = await lendTo(browser, [pages.host]);
  await open(tab, { url: `${pages.url}${path}`, limitMs: 5_000 });
  const facts = await look(tab, {
    marks: { tile: ".tile", brokenTile: "[role=alert]" },
    isSignInPage: (url) => url.pathname === "/signin",
    limitMs: 5_000,
  });
  return {
    facts,
    verdict: inspect(facts),
    texts: await readTexts(tab, { selectors: [".as-of b", ".absent", ".tile h2"], limitMs: 5_000 }),
  };
};

test.each([
  ["/blank", "blank"],
  ["/dark-blank", "blank"],
  ["/login", "signin"],
  ["/signin", "signin"],
  ["/hidden-login", "ok"],
  ["/error", "error-page"],
])("%s is %s", async (path, verdict) => {
  expect((await looking(path)).verdict.is).toBe(verdict);
});

test("a broken tile is named by what it is called, and elements are read by selector", async () => {
  const { facts, verdict, texts } = await looking("/tiles");
  expect(verdict).toMatchObject({ is: "broken-tiles", names: ["Stock"] });
  expect(facts).toMatchObject({
    title: "Test view",
    status: 200,
    tiles: [
      { name: "Sales", state: "done" },
      { name: "Stock", state: "error" },
    ],
  });
  expect(texts).toEqual({ ".as-of b": "2026-11-20", ".tile h2": "Sales" });
});

test.each([
  [".own", "2026-11-20"],
  [".within", "2026-11-19"],
  [".plain", "20 November"],
  [".absent", null],
])("the date of %s is %s: a machine's form before the page's words", async (selector, date) => {
  await using tab = await lendTo(browser, [pages.host]);
  await open(tab, { url: `${pages.url}/dates`, limitMs: 5_000 });
  expect(await readDate(tab, { selector, limitMs: 5_000 })).toBe(date);
});
