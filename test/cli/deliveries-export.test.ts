import { afterAll, beforeAll, expect, test } from "vitest";
import { openWorld, type World } from "./world.ts";

const yaml = `server: { url: "http://127.0.0.1:9", kind: sample }
zone: Europe/Berlin
reports:
  sales: { view: A/B, at: weekdays 07:00, filter: { Region: region } }
`;

let world: World;
beforeAll(async () => {
  world = await openWorld({ "daybreak.yaml": yaml });
  const { pool } = world.database;
  await pool.query(
    "insert into recipients (key, name, email) values ('anna@example.com', '=HYPERLINK(1)', 'anna@example.com')",
  );
  await pool.query("insert into report_versions values ('v1', 'sales', '{}', now())");
  for (const [at, occasion] of [
    ["2026-11-19T22:59:59Z", "slot:1"],
    ["2026-11-19T23:00:00Z", "slot:2"],
    ["2026-11-20T22:59:59Z", "slot:3"],
    ["2026-11-20T23:00:00Z", "slot:4"],
    ["2026-11-20T12:00:00Z", "preview:5"],
  ]) {
    await pool.query(
      `insert into deliveries (occasion, report, version, recipient_id, recipient_name, envelope, filters, filters_key, formats, locale,
         zone, nominal, expires_at, trial, state, reason)
       select $1, 'sales', 'v1', id, name, '{"to": "anna@example.com", "toName": null, "cc": [], "bcc": []}', '{"Region": ["North", "East"]}',
         'x', '{png}', 'en', 'Europe/Berlin', $2, $2, false, 'skipped', 'a "test", of course' from recipients`,
      [occasion, at],
    );
  }
});
afterAll(() => world[Symbol.asyncDispose]());

test("an export has the days that were asked for, in the configuration's zone, and no previews", async () => {
  const { code, out } = await world.run(["deliveries", "export", "--from", "2026-11-20", "--to", "2026-11-20"]);
  expect(code).toBe(0);
  const [head, ...rows] = out.trim().split("\r\n");
  expect(head).toMatch(/^delivery,time,zone,report,version,asked by,recipient,name,address,/);
  expect(rows.map((row) => row.split(",")[5])).toEqual(["slot:2", "slot:3"]);
  expect(rows[0]).toContain("2026-11-20T00:00:00+01:00,Europe/Berlin,sales");
});

test("words of others are no formulas in a spreadsheet, and quotes and commas stay in their cell", async () => {
  const { out } = await world.run(["deliveries", "export", "--from", "2026-11-20", "--to", "2026-11-20"]);
  expect(out).toContain(",'=HYPERLINK(1),anna@example.com,");
  expect(out).toContain(`"a ""test"", of course"`);
});

test("JSON is one list of objects, also of nothing, and a date that isn't one is refused", async () => {
  const words = ["deliveries", "export", "--format", "json"];
  const some = await world.run([...words, "--from", "2026-11-19", "--to", "2026-11-21"]);
  expect(
    (JSON.parse(some.out) as readonly { readonly occasion: string }[]).map(({ occasion }) => occasion),
  ).toHaveLength(4);
  const none = await world.run([...words, "--from", "2025-01-01", "--to", "2025-01-01"]);
  expect(JSON.parse(none.out)).toEqual([]);
  expect(await world.run([...words, "--from", "soon", "--to", "2025-01-01"])).toMatchObject({ code: 2 });
});
