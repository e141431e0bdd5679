import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "puppeteer";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findChromium } from "#render/chromium.ts";
import type { RunningChromium } from "#render/launch.ts";
import { launchChromium } from "#render/launch.ts";
import type { ReportServer, ServerKind, ServerSettings } from "#render/port.ts";
import { serverKinds } from "#render/port.ts";
import { detectKind } from "#render/servers/detect.ts";
import { serverOf } from "#render/servers/kinds.ts";
import { startSampleServer } from "../../demo/server/server.ts";
import { cases } from "../render/servers/cases.ts";
import type { Double } from "../render/servers/doubles.ts";
import { startDouble } from "../render/servers/doubles.ts";
import { settingsOf, viewOf } from "../render/servers/settings.ts";

const values = ["North", "South"];
const limits = () => ({ limitMs: 10_000, signal: AbortSignal.timeout(30_000) });

let cache: string;
let chromium: RunningChromium;
beforeAll(async () => {
  cache = await mkdtemp(join(tmpdir(), "daybreak-servers-"));
  const install = await findChromium({ cacheDir: cache, environment: process.env });
  chromium = await launchChromium(install, { launchMs: 20_000, callMs: 20_000 });
});
afterAll(async () => {
  chromium?.end();
  await rm(cache, { recursive: true, force: true });
});

/** A test for some kinds only; it isn't there at all for the others, since nothing of theirs is left out. */
const testIf =
  (isTheirs: boolean) =>
  (name: string, work: () => Promise<void>): void => {
    if (isTheirs) test(name, work);
  };

const withPage = async (work: (page: Page) => Promise<void>): Promise<void> => {
  const context = await chromium.browser.createBrowserContext();
  try {
    await work(await context.newPage());
  } finally {
    await context.close();
  }
};

const signedIn = (kind: ServerKind, url: string, password: string): ServerSettings =>
  settingsOf(kind, {
    url,
    hosts: [new URL(url).host],
    signIn: { via: "form", user: "daybreak", password, form: null },
  });

describe.each(serverKinds)("a report server of the kind %s", (kind) => {
  const { path, filter, read, hasCatalog, hasCsv, data, noData, signInPage } = cases[kind];
  const view = viewOf(path);
  /** Tableau's own form is not documented, so there is no double of it. */
  const signsIn = signInPage !== null && kind !== "tableau";

  const withServer = async (work: (double: Double, server: ReportServer) => Promise<void>): Promise<void> => {
    await using double = await startDouble(kind);
    await work(double, serverOf(signedIn(kind, double.url, double.password)));
  };
  const learned = async (work: (server: ReportServer, page: Page) => Promise<void>): Promise<void> =>
    withServer(async (_, server) =>
      withPage(async (page) => {
        if (signsIn) await server.signIn(page, limits());
        if (hasCatalog) await server.catalog(page, AbortSignal.timeout(10_000), [path]);
        await work(server, page);
      }),
    );

  test("puts each value into the address, and none for a recipient who sees all", () =>
    learned(async (server) => {
      expect(read(new URL(server.address(view, { [filter]: values }, "de-AT")))).toEqual(values);
      expect(server.address(view, "all", "en")).not.toMatch(/North|South|native_filters|Region|region/);
    }));

  test("keeps to its own host", () =>
    learned(async (server) => {
      const { origin } = new URL(server.settings.url);
      expect(new URL(server.address(viewOf("//evil.example.com/x"), "all", "en")).origin).toBe(origin);
      expect(new URL(server.address(viewOf("../../x@evil.example.com"), "all", "en")).origin).toBe(origin);
    }));

  test("refuses no filter, no value and an empty value", () =>
    learned(async (server) => {
      const refusal = expect.objectContaining({ code: "server.filter-unknown" });
      for (const filters of [{}, { [filter]: [] }, { [filter]: [""] }]) {
        expect(() => server.address(view, filters, "en")).toThrow(refusal);
        if (hasCsv) expect(() => server.csvAddress(view, filters)).toThrow(refusal);
      }
    }));

  testIf(hasCatalog)("refuses a filter that the view doesn't have, and names those that it has", () =>
    learned(async (server) => {
      const ask = () => server.address(view, { Regoin: ["North"] }, "en");
      expect(ask).toThrow(
        expect.objectContaining({ code: "server.filter-unknown", hint: expect.stringContaining(`“${filter}”`) }),
      );
    }),
  );

  testIf(hasCatalog)("lists its views, and the filters of those that are named", () =>
    learned(async (server, page) => {
      const all = await server.catalog(page, AbortSignal.timeout(10_000));
      expect(all.map(({ title }) => title)).toContain(kind === "sample" ? "Yesterday Sales Summary" : "Sales");
      const [named] = await server.catalog(page, AbortSignal.timeout(10_000), [path]);
      expect(named?.path).toBe(path);
      expect(named?.filters?.map(({ name }) => name)).toContain(filter);
    }),
  );

  test("gives rows with the same filters, or says that it has none", () =>
    learned(async (server) => {
      const address = server.csvAddress(view, { [filter]: values });
      if (hasCsv) expect(read(new URL(address ?? ""))).toEqual(values);
      else expect(address).toBeNull();
      expect(server.csvAddress({ ...view, csv: { table: "table" } }, "all")).toBeNull();
      const own = new URL(server.csvAddress({ ...view, csv: { url: "/rows.csv?x=1" } }, { [filter]: values }) ?? "");
      expect(own.href).toContain("/rows.csv?x=1&");
      expect(read(own)).toEqual(values);
    }));

  test("tells data requests from others", () => {
    const server = serverOf(settingsOf(kind));
    if (data !== "") expect(server.isDataRequest(new URL(`https://bi.example.com${data}`))).toBe(true);
    expect(server.isDataRequest(new URL(`https://bi.example.com${noData}`))).toBe(false);
  });

  test("knows its sign-in page, whatever its query says, and that a view is none", () => {
    const form = { path: "/enter", user: "#u", password: "#p", submit: "#s" };
    const server = serverOf(settingsOf(kind, { signIn: { via: "form", user: "u", password: "p", form } }));
    expect(server.isSignInPage(new URL("https://bi.example.com/enter?next=%2F"))).toBe(true);
    expect(server.isSignInPage(new URL("https://evil.example.com/enter"))).toBe(false);
    expect(server.isSignInPage(new URL("https://bi.example.com/views/a/b"))).toBe(false);
    if (signInPage !== null) expect(server.isSignInPage(new URL(`https://bi.example.com${signInPage}`))).toBe(true);
  });

  test("lets the settings say better what is ready and what a tile is", () => {
    const sign = { selector: "#done" };
    const plain = serverOf(settingsOf(kind));
    const set = serverOf(settingsOf(kind, { ready: sign, tileSelector: ".tile", dashboardSelector: "main" }));
    expect(set.readySign(view)).toEqual(sign);
    expect(plain.readySign({ ...view, ready: sign })).toEqual(sign);
    expect(set.marks).toMatchObject({ tile: ".tile", dashboard: "main" });
  });

  test("carries a token in its header and has nothing to sign in to then", async () => {
    const server = serverOf(settingsOf(kind, { signIn: { via: "token", header: "Authorization", value: "Bearer x" } }));
    expect(server.headers()).toEqual({ Authorization: "Bearer x" });
    await withPage((page) => server.signIn(page, limits()));
  });

  testIf(signsIn)("names server and settings when the password is wrong", () =>
    withServer(async (double) =>
      withPage(async (page) => {
        const server = serverOf(signedIn(kind, double.url, "wrong"));
        const refused = { code: "server.signin", hint: expect.stringContaining("DAYBREAK_MAIN_PASSWORD") };
        await expect(server.signIn(page, limits())).rejects.toMatchObject(refused);
        await expect(server.signIn(page, limits())).rejects.toThrow("“main” refused the sign-in of “daybreak”");
      }),
    ),
  );

  testIf(kind !== "web")("is found out by its address alone", () =>
    withServer(async ({ url }) => {
      expect((await detectKind(url, fetch)).kind).toBe(kind);
    }),
  );
});

test("signing in twice is as good as once, also where the form is skipped the second time", () =>
  withPage(async (page) => {
    await using double = await startDouble("superset");
    const server = serverOf(signedIn("superset", double.url, double.password));
    await server.signIn(page, limits());
    await server.signIn(page, limits());
    expect(await page.content()).toContain("Welcome");
  }));

test("a server that doesn't answer is named with its setting", () =>
  withPage(async (page) => {
    const server = serverOf(signedIn("superset", "http://127.0.0.1:9", "x"));
    const fault = { code: "server.unreachable", retry: "later", hint: expect.stringContaining("servers.main.url") };
    await expect(server.signIn(page, limits())).rejects.toMatchObject(fault);
    await expect(server.catalog(page, AbortSignal.timeout(10_000))).rejects.toMatchObject(fault);
  }));

test("a page whose sign-in form nobody has described says which setting describes it", () =>
  withPage(async (page) => {
    const server = serverOf(signedIn("web", "https://bi.example.com", "x"));
    const hint = expect.stringContaining("servers.main.signIn.form");
    await expect(server.signIn(page, limits())).rejects.toMatchObject({ code: "server.signin", hint });
  }));

test("a plain page's own form is filled in", () =>
  withPage(async (page) => {
    await using sample = await startSampleServer();
    const form = { path: "/signin", user: "[name=username]", password: "[name=password]", submit: "button" };
    const way = { via: "form", user: sample.user, password: sample.password, form } as const;
    const web = {
      viewUrl: "/views/{view}",
      csvUrl: "/views/{view}.csv",
      filterStyle: "repeat",
      filterPrefix: "",
    } as const;
    const server = serverOf(settingsOf("web", { url: sample.url, signIn: way, web }));
    await server.signIn(page, limits());
    const view = viewOf("Operations/Stock and Shipping");
    await page.goto(server.address(view, { Region: ["O'Brien, Coast", "日本"] }, "en"));
    expect(await page.$eval('[data-filter="Region"]', (chip) => chip.textContent)).toContain("O'Brien, Coast");
    expect(server.isSignInPage(new URL(page.url()))).toBe(false);
  }));

test("the sample server's signs are there when its page is drawn, and its requests carry the filter", () =>
  withPage(async (page) => {
    await using sample = await startSampleServer();
    const server = serverOf(signedIn("sample", sample.url, sample.password));
    await server.signIn(page, limits());
    const view = viewOf("Daily Sales Report/Yesterday Sales Summary");
    await page.goto(server.address(view, { Region: ["Alpine & Lakes", "North"] }, "de-DE"));
    await page.waitForSelector('main[data-dashboard][data-ready="true"]', { timeout: 10_000 });
    const { dashboard, tile, brokenTile, title, dataAsOf } = server.marks;
    const counts = await Promise.all(
      [dashboard, tile, title, dataAsOf].map(async (one) => (await page.$$(one ?? "none")).length),
    );
    expect(counts).toEqual([1, 7, 1, 1]);
    expect(await page.$$(brokenTile ?? "none")).toHaveLength(0);
    const data = sample.requests.filter(({ path }) => server.isDataRequest(new URL(path, sample.url)));
    expect(data).toHaveLength(7);
    expect(data.every(({ query }) => JSON.stringify(query).includes("Alpine & Lakes"))).toBe(true);
  }));
