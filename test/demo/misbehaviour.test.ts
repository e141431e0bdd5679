import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type MisbehaviourKind, type SampleServer, startSampleServer } from "../../demo/server/server.ts";
import { pathOf, type Row, type Visitor, visit } from "./visitor.ts";

const sales = "Daily Sales Report/Yesterday Sales Summary";
const north = "Region=North";

let server: SampleServer;
let visitor: Visitor;

beforeAll(async () => {
  server = await startSampleServer({ today: "2026-03-11" });
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(async () => {
  server.behave();
  visitor = await visit(server);
});

const regionsIn = (rows: readonly Row[]): readonly (string | undefined)[] => [
  ...new Set(rows.map((row) => row.Region)),
];
const pageStatus = async (query = north): Promise<number> => (await visitor.get(`${pathOf(sales)}?${query}`)).status;
const csvStatus = async (query = north): Promise<number> => (await visitor.get(`${pathOf(sales)}.csv?${query}`)).status;
const neverWithin = async (answer: Promise<unknown>, ms: number): Promise<boolean> => {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  setTimeout(() => resolve(true), ms);
  return Promise.race([answer.then(() => false), promise]);
};

test("tile-never-loads leaves one tile without an answer and serves the others", async () => {
  server.misbehave({ kind: "tile-never-loads" });
  const { boot } = await visitor.page(sales, north);
  expect((await visitor.tileOfPage("orders", boot)).status).toBe(200);
  expect(await neverWithin(visitor.tileOfPage("trend", boot), 400)).toBe(true);
});

test("tile-error fails the tile that was named", async () => {
  server.misbehave({ kind: "tile-error", tile: "customers" });
  const { boot } = await visitor.page(sales, north);
  const failed = await visitor.tileOfPage("customers", boot);
  expect(failed.status).toBe(500);
  expect(await failed.json()).toEqual({ error: expect.stringContaining("database") });
  expect((await visitor.tileOfPage("orders", boot)).status).toBe(200);
});

test("session-expires serves the page and then knows nobody", async () => {
  server.misbehave({ kind: "session-expires", times: 1 });
  const { boot } = await visitor.page(sales, north);
  expect((await visitor.tileOfPage("orders", boot)).status).toBe(401);
  expect(await pageStatus()).toBe(303);
});

test("filter-ignored drops the filter from page, tiles and CSV", async () => {
  server.misbehave({ kind: "filter-ignored" });
  const { html, boot } = await visitor.page(sales, north);
  expect(html).not.toContain("<b>North</b>");
  expect(boot.query).toBe("");
  expect(regionsIn(await visitor.tile("customers", sales, north)).length).toBeGreaterThan(1);
  expect(regionsIn(await visitor.csv(sales, north)).length).toBeGreaterThan(1);
});

test("filter-not-applied shows the chip and asks for everything", async () => {
  server.misbehave({ kind: "filter-not-applied" });
  const { html, boot } = await visitor.page(sales, north);
  expect(html).toContain("<b>North</b>");
  expect(boot.query).toBe("");
  expect(regionsIn(await visitor.csv(sales, north))).toEqual(["North"]);
});

test("foreign-rows answers page and CSV with another region's rows", async () => {
  server.misbehave({ kind: "foreign-rows" });
  const { boot } = await visitor.page(sales, north);
  expect(boot.query).toBe(north);
  expect(regionsIn(await visitor.rowsOfPage("customers", boot))).toEqual(["South"]);
  expect(regionsIn(await visitor.csv(sales, north))).toEqual(["South"]);
});

test("foreign-csv leaves the page right", async () => {
  server.misbehave({ kind: "foreign-csv" });
  const { boot } = await visitor.page(sales, north);
  expect(regionsIn(await visitor.rowsOfPage("customers", boot))).toEqual(["North"]);
  expect(regionsIn(await visitor.csv(sales, north))).toEqual(["South"]);
});

test("http-500, blank and csv-error each spoil their own answer", async () => {
  server.misbehave({ kind: "http-500", times: 1 });
  expect([await pageStatus(), await pageStatus()]).toEqual([500, 200]);
  server.misbehave({ kind: "csv-error", times: 1 });
  expect([await csvStatus(), await csvStatus()]).toEqual([500, 200]);
  server.misbehave({ kind: "blank", times: 1 });
  expect(await (await visitor.get(pathOf(sales))).text()).not.toContain("<main");
});

test("leaves-host and tall are in the page", async () => {
  server.misbehave({ kind: "leaves-host" });
  server.misbehave({ kind: "tall" });
  const { html, boot } = await visitor.page(sales, north);
  expect(boot.leaveTo).toBe("http://169.254.169.254/");
  expect(html).toContain("height: 60000px");
});

test("delay holds each answer back by as long as was said", async () => {
  server.misbehave({ kind: "delay", ms: 150 });
  const before = performance.now();
  await visitor.csv(sales, north);
  expect(performance.now() - before).toBeGreaterThan(140);
});

test("when spares the requests for other values", async () => {
  server.misbehave({ kind: "http-500", when: { Region: ["South", "日本"] } });
  expect([
    await pageStatus(),
    await pageStatus("Region=South"),
    await pageStatus("Region=North&Region=%E6%97%A5%E6%9C%AC"),
  ]).toEqual([200, 500, 500]);
  expect(await pageStatus("")).toBe(200);
});

test("times counts page loads, and a load keeps its spell for all of its tiles", async () => {
  server.misbehave({ kind: "foreign-rows", times: 1 });
  const first = await visitor.page(sales, north);
  const second = await visitor.page(sales, north);
  for (const name of ["customers", "mix"]) {
    expect(regionsIn(await visitor.rowsOfPage(name, first.boot))).toEqual(["South"]);
    expect(regionsIn(await visitor.rowsOfPage(name, second.boot))).toEqual(["North"]);
  }
});

test.each<MisbehaviourKind>(["http-500", "csv-error", "foreign-rows"])("behave ends %s", async (kind) => {
  server.misbehave({ kind });
  server.behave();
  expect([await pageStatus(), await csvStatus()]).toEqual([200, 200]);
  expect(regionsIn(await visitor.csv(sales, north))).toEqual(["North"]);
});
