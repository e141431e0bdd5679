import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import type { HTTPResponse, Page } from "puppeteer";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Filters } from "#model/filters.ts";
import type { DataRequest, RenderEvidence } from "#model/render.ts";
import { judge } from "#proof/plan.ts";
import { findChromium } from "#render/chromium.ts";
import type { RunningChromium } from "#render/launch.ts";
import { launchChromium } from "#render/launch.ts";
import type { ReportServer } from "#render/port.ts";
import { columnsIn } from "#render/servers/columns.ts";
import { serverOf } from "#render/servers/kinds.ts";
import type { MisbehaviourKind, SampleServer } from "../../demo/server/server.ts";
import { startSampleServer } from "../../demo/server/server.ts";
import { settingsOf, viewOf } from "../render/servers/settings.ts";
import { nothing, rules } from "./evidence.ts";

const view = viewOf("Daily Sales Report/Yesterday Sales Summary");
let cache: string;
let chromium: RunningChromium;
let sample: SampleServer;
let page: Page;
let server: ReportServer;

beforeAll(async () => {
  cache = await mkdtemp(join(tmpdir(), "daybreak-proof-"));
  const install = await findChromium({ cacheDir: cache, environment: process.env });
  chromium = await launchChromium(install, { launchMs: 20_000, callMs: 20_000 });
  sample = await startSampleServer({ user: "daybreak", password: "right", today: "2026-11-20" });
  const signIn = { via: "form", user: "daybreak", password: "right", form: null } as const;
  server = serverOf(settingsOf("sample", { url: sample.url, signIn }));
  page = await chromium.browser.newPage();
  await server.signIn(page, { limitMs: 10_000, signal: AbortSignal.timeout(20_000) });
});
afterAll(async () => {
  chromium?.end();
  await sample?.[Symbol.asyncDispose]();
  await rm(cache, { recursive: true, force: true });
});
beforeEach(() => sample.behave());

const recorded = async (response: HTTPResponse): Promise<DataRequest> => {
  const request = response.request();
  const columns = columnsIn(await response.json().catch(() => null));
  return {
    method: request.method(),
    url: request.url(),
    postBody: request.postData() ?? null,
    status: response.status(),
    columns,
  };
};

const csvOf = async (address: string): Promise<RenderEvidence["csv"]> => {
  const text = await page.evaluate(async (at: string) => (await fetch(at)).text(), address);
  const rows: readonly Readonly<Record<string, string>>[] = parse(text, { columns: true, bom: true });
  const columns = text.split(/\r?\n/)[0]?.split(",") ?? [];
  const counted = columns.map((column) => {
    const cells = Map.groupBy(rows, (row) => row[column] ?? "");
    return [column, Object.fromEntries([...cells].map(([cell, same]) => [cell, same.length]))] as const;
  });
  return { columns, rows: rows.length, values: Object.fromEntries(counted), cut: [] };
};

/** Draws the view as a render would, and keeps what it saw. */
const drawn = async (filters: Filters): Promise<RenderEvidence> => {
  const seen: Promise<DataRequest>[] = [];
  const listen = (response: HTTPResponse) => {
    if (server.isDataRequest(new URL(response.url()))) seen.push(recorded(response));
  };
  page.on("response", listen);
  await page.goto(server.address(view, filters, "en"));
  await page.waitForSelector('main[data-dashboard][data-ready="true"]', { timeout: 15_000 });
  page.off("response", listen);
  const csv = await csvOf(server.csvAddress(view, filters) ?? "");
  return { ...nothing, requests: await Promise.all(seen), csv };
};

const verdicts = async (filters: Filters) => {
  const evidence = await drawn(filters);
  const question = {
    filters,
    rules,
    evidence,
    formats: ["png", "csv"],
    filterColumns: {},
    filterParameters: {},
  } as const;
  return Object.fromEntries(judge(question).map(({ format, verdict }) => [format, verdict]));
};

describe("over the sample report server, the proof", () => {
  test.each<[string, Filters]>([
    ["one region", { Region: ["North"] }],
    ["several regions with hard names", { Region: ["Alpine & Lakes", "O'Brien, Coast", "日本"] }],
    ["two filters", { Region: ["North", "South"], Category: ["Tea"] }],
    ["everything, said explicitly", "all"],
  ])("believes a server that behaves, with %s", async (_, filters) => {
    expect(await verdicts(filters)).toEqual({ png: "proven", csv: "proven" });
  });

  test.each<[MisbehaviourKind, object]>([
    ["filter-ignored", { png: "mismatch", csv: "mismatch" }],
    ["filter-not-applied", { png: "mismatch", csv: "proven" }],
    ["foreign-rows", { png: "mismatch", csv: "mismatch" }],
    ["foreign-csv", { png: "proven", csv: "mismatch" }],
  ])("catches %s", async (kind, caught) => {
    sample.misbehave({ kind });
    expect(await verdicts({ Region: ["North"] })).toEqual(caught);
  });

  test("calls a value without rows empty", async () => {
    expect(await verdicts({ Region: ["Nowhere"] })).toEqual({ png: "empty", csv: "empty" });
  });
});
