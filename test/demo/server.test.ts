import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type SampleServer, startSampleServer } from "../../demo/server/server.ts";
import { pathOf, postSignin, type Row, type Visitor, visit } from "./visitor.ts";

const sales = "Daily Sales Report/Yesterday Sales Summary";
const operations = "Operations/Stock and Shipping";
const today = "2026-03-11";

let server: SampleServer;
let visitor: Visitor;

beforeAll(async () => {
  server = await startSampleServer({ today });
  visitor = await visit(server);
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(() => {
  server.behave();
  server.setToday(today);
});

const query = (pairs: readonly (readonly [string, string])[]): string =>
  pairs.map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join("&");
const regionsIn = (rows: readonly Row[]): readonly string[] => [...new Set(rows.map((row) => row.Region ?? ""))].sort();
const sum = (rows: readonly Row[], column: string): number =>
  Math.round(rows.reduce((total, row) => total + Number(row[column]), 0) * 100) / 100;

describe("signing in", () => {
  test("the product says what it is to anybody", async () => {
    const about = await fetch(`${server.url}/api/about`);
    expect(await about.json()).toEqual({ product: "Meridian sample report server", version: "1" });
  });

  test("a page without a session leads to the sign-in form, which leads back", async () => {
    const refused = await fetch(`${server.url}${pathOf(sales)}?Region=North`, { redirect: "manual" });
    expect(refused.status).toBe(303);
    const form = await fetch(server.url + refused.headers.get("location"));
    expect(await form.text()).toContain('<form class="card" id="signin"');
    const next = new URL(refused.headers.get("location") ?? "", server.url).searchParams.get("next") ?? "";
    const signedIn = await postSignin(server, server.password, next);
    expect(signedIn.status).toBe(303);
    expect(signedIn.headers.get("location")).toBe(`${pathOf(sales)}?Region=North`);
    expect(signedIn.headers.get("set-cookie")).toContain("HttpOnly");
  });

  test("a wrong password is answered with 401 and a message", async () => {
    const refused = await postSignin(server, "wrong");
    expect(refused.status).toBe(401);
    expect(refused.headers.get("set-cookie")).toBeNull();
    expect(await refused.text()).toContain('role="alert"');
  });

  test.each(["//elsewhere.example/", "/\\elsewhere.example", "https://elsewhere.example/"])(
    "sign-in never leads to another host: %s",
    async (next) => {
      expect((await postSignin(server, server.password, next)).headers.get("location")).toBe("/");
    },
  );

  test.each(["/api/views", "/api/data/revenue", `${pathOf(sales)}.csv`])(
    "%s without a session is 401 JSON",
    async (address) => {
      const refused = await fetch(server.url + address, { redirect: "manual" });
      expect(refused.status).toBe(401);
      expect(refused.headers.get("content-type")).toContain("application/json");
    },
  );

  test("sessions end at once when told so, and by themselves after their time", async () => {
    await using short = await startSampleServer({ today, sessionMs: 0 });
    expect((await (await visit(short)).get("/")).status).toBe(303);
    await using other = await startSampleServer({ today });
    const someone = await visit(other);
    expect((await someone.get("/")).status).toBe(200);
    other.expireSessions();
    expect((await someone.get("/")).status).toBe(303);
  });
});

describe("views", () => {
  test("are listed with their filters and values", async () => {
    expect(await (await visitor.get("/api/views")).json()).toEqual(server.views);
    expect(server.views[0]).toMatchObject({ path: sales, csv: true, title: "Yesterday Sales Summary" });
    expect(server.views[0]?.filters.map(({ name }) => name)).toEqual(["Region", "Category", "Customer"]);
  });

  test("an unknown view or tile is 404", async () => {
    expect((await visitor.get("/views/Nothing/Here")).status).toBe(404);
    expect((await visitor.get("/api/data/nothing?view=Nothing%2FHere")).status).toBe(404);
    expect((await visitor.get("/page/..%2fserver.ts")).status).toBe(404);
  });

  test("a malformed address is 400 and harms nothing", async () => {
    expect((await fetch(`${server.url}/%E0%A4%A`)).status).toBe(400);
  });

  test("a page names its day, in the language asked for", async () => {
    expect((await visitor.page(sales)).html).toContain('<time datetime="2026-03-10">Tuesday, 10 March 2026</time>');
    expect((await visitor.page(sales, "lang=de")).html).toContain("Dienstag, 10. März 2026");
  });

  test("what was asked is written down", async () => {
    await visitor.csv(
      sales,
      query([
        ["Region", "North"],
        ["Region", "日本"],
      ]),
    );
    expect(server.requests.at(-1)).toMatchObject({
      method: "GET",
      path: `/views/${sales}.csv`,
      query: { Region: ["North", "日本"] },
    });
  });
});

describe("filters", () => {
  test.each([
    [["North"]],
    [["North", "South"]],
    [["Alpine & Lakes"]],
    [["O'Brien, Coast"]],
    [["日本", "O'Brien, Coast", "Alpine & Lakes"]],
  ])("page, tiles and CSV hold %j and nothing else", async (regions) => {
    const asked = query(regions.map((region) => ["Region", region] as const));
    const expected = [...regions].sort();
    const tiles = ["revenue", "trend", "mix", "customers"].map((name) => visitor.tile(name, sales, asked));
    for (const rows of await Promise.all(tiles)) expect(regionsIn(rows)).toEqual(expected);
    expect(regionsIn(await visitor.csv(sales, asked))).toEqual(expected);
    expect(regionsIn(await visitor.tile("open-orders", operations, asked))).toEqual(expected);
    const { boot } = await visitor.page(sales, asked);
    expect(new URLSearchParams(boot.query).getAll("Region")).toEqual(regions);
  });

  test.each([
    "Hansen & Søn",
    "Trattoria d'Angelo",
    "Harbour Lights, Ltd.",
    'The "Salty" Dog',
    "喫茶さくら",
    "Kissa ネコ 🐈",
  ])("a customer's hard name survives the address, the page and the CSV: %s", async (customer) => {
    const days = Array.from({ length: 14 }, (_, n) => `2026-02-${String(n + 10)}`);
    for (const day of days) {
      server.setToday(day);
      const rows = await visitor.csv(sales, query([["Customer", customer]]));
      if (rows.length === 0) continue;
      return expect(new Set(rows.map((row) => row.Customer))).toEqual(new Set([customer]));
    }
    expect.fail("no order in two weeks");
  });

  test("columns are joined by and, values of one column by or", async () => {
    const rows = await visitor.csv(
      sales,
      query([
        ["Region", "North"],
        ["Category", "Tea"],
        ["Category", "Coffee"],
      ]),
    );
    expect(regionsIn(rows)).toEqual(["North"]);
    expect([...new Set(rows.map((row) => row.Category))].sort()).toEqual(["Coffee", "Tea"]);
  });

  test("a parameter that no view knows is ignored without a word", async () => {
    expect(await visitor.csv(sales, "Regoin=North")).toEqual(await visitor.csv(sales));
    expect(regionsIn(await visitor.csv(operations, "Category=Tea"))).not.toEqual([]);
  });

  test("a value that nothing matches gives empty tiles and a CSV of its header alone", async () => {
    expect(await visitor.tile("revenue", sales, "Region=Nowhere")).toEqual([]);
    const csv = await (await visitor.get(`${pathOf(sales)}.csv?Region=Nowhere`)).text();
    expect(csv).toBe("Region,Category,Customer,Orders,Units,Revenue,Revenue last week\r\n");
  });

  test("a value with markup is only text in the page", async () => {
    const { html, boot } = await visitor.page(sales, query([["Region", "</script><script>alert(1)</script>"]]));
    expect(html).not.toContain("<script>alert(1)");
    expect(boot.view).toBe(sales);
  });
});

describe("figures", () => {
  test("tiles and CSV agree to the cent", async () => {
    for (const asked of ["", "Region=North", "Category=Tea&Region=South"]) {
      const csv = await visitor.csv(sales, asked);
      const tile = await visitor.tile("revenue", sales, asked);
      const customers = await visitor.tile("customers", sales, asked);
      expect(sum(tile, "Revenue")).toBe(sum(csv, "Revenue"));
      expect(sum(tile, "Revenue last week")).toBe(sum(csv, "Revenue last week"));
      expect(sum(customers, "Orders")).toBe(sum(csv, "Orders"));
    }
    expect(await visitor.csv(operations)).toEqual(
      (await visitor.tile("late-list", operations)).map((row) =>
        Object.fromEntries(Object.entries(row).map(([key, value]) => [key, String(value)])),
      ),
    );
  });

  test("two servers draw the same figures from the same seed", async () => {
    await using other = await startSampleServer({ today });
    const twin = await visit(other);
    expect(await twin.csv(sales)).toEqual(await visitor.csv(sales));
    expect(await twin.csv(operations)).toEqual(await visitor.csv(operations));
  });

  test("last week's figures are this week's when looked at a week later", async () => {
    const before = sum(await visitor.csv(sales, "Region=North"), "Revenue");
    server.setToday("2026-03-18");
    expect(sum(await visitor.csv(sales, "Region=North"), "Revenue last week")).toBe(before);
  });

  test("every region sells on a Saturday and on a Sunday", async () => {
    for (const day of ["2026-03-08", "2026-03-09"]) {
      server.setToday(day);
      expect(regionsIn(await visitor.tile("customers", sales))).toHaveLength(7);
    }
  });

  test("a date that does not exist is refused", async () => {
    await expect(startSampleServer({ today: "2026-02-30" })).rejects.toThrow(RangeError);
  });
});
