import { afterAll, beforeAll, expect, test } from "vitest";
import { openWorld, type World } from "./world.ts";

const yaml = `server: { url: "http://127.0.0.1:9", kind: sample }
zone: Europe/Berlin
reports:
  sales: { view: A/B, at: weekdays 07:00, filter: { Region: region } }
  listed: { view: A/B, at: weekdays 07:00, to: listed.csv, filter: { Region: region } }
`;

let world: World;
beforeAll(async () => {
  world = await openWorld({ "daybreak.yaml": yaml, "listed.csv": "email,name,region\nlea@example.com,Lea,North\n" });
});
afterAll(() => world[Symbol.asyncDispose]());

const people =
  "email,name,region\nanna@example.com,Anna,North\nben@example.com,Ben,South\nben@example.com,Ben,East\n,Nobody,West\n";

test("a dry run shows who would come and which row can't be used, and writes nothing", async () => {
  await world.write("people.csv", people);
  const { code, out } = await world.run(["recipients", "import", "people.csv", "--report", "sales", "--dry-run"]);
  expect(code).toBe(3);
  expect(out).toMatch(/add +anna@example.com +Anna +people.csv row 2/);
  expect(out).toMatch(/unusable +the row has no email +people.csv row 5/);
  expect(out).toContain("2 added, 0 changed, 0 made inactive, 0 the same; nothing was written.");
  expect((await world.run(["recipients", "list"])).out).toBe("There are none yet.\n");
});

test("an import subscribes people to the report, and the plan shows them with all their values", async () => {
  expect((await world.run(["recipients", "import", "people.csv", "--report", "sales"])).code).toBe(3);
  const { out } = await world.run(["plan", "sales"]);
  expect(out).toMatch(/Anna +anna@example.com +Region: North +png/);
  expect(out).toMatch(/Ben +ben@example.com +Region: South, East +png/);
});

test("a second import shows each changed field, and nobody becomes inactive without a word", async () => {
  await world.write("people.csv", "email,name,region\nanna@example.com,Anna Berger,East\n");
  const { code, err, out } = await world.run(["recipients", "import", "people.csv", "--report", "sales"]);
  expect(code).toBe(2);
  expect(out).toMatch(/change +anna@example.com +name: Anna → Anna Berger/);
  expect(out).toMatch(/change +anna@example.com +region: North → East/);
  expect(out).toMatch(/inactive +ben@example.com +Ben: no longer in the file/);
  expect(err).toBe(
    "✗ 1 recipient becomes inactive, since the file no longer names them.\n  → look with --dry-run; if it is meant, say --yes\n",
  );
  const agreed = await world.run(["recipients", "import", "people.csv", "--report", "sales"], { answers: [true] });
  expect(agreed).toMatchObject({
    code: 0,
    out: expect.stringContaining("✓ 0 added, 1 changed, 1 made inactive, 0 the same."),
  });
  const { out: planned } = await world.run(["plan", "sales"]);
  expect(planned).toMatch(/Anna Berger +anna@example.com +Region: East/);
  expect(planned).toMatch(/Ben +inactive/);
});

test("an import into a report that reads a list of its own is refused with the way to do it", async () => {
  const { code, err } = await world.run(["recipients", "import", "people.csv", "--report", "listed"]);
  expect(code).toBe(2);
  expect(err).toContain("The people of “listed” come from listed.csv, not from our tables.");
});

test("an import without a report keeps people with their attributes and subscribes nobody", async () => {
  await world.write("all.csv", "email,name,team\ncara@example.com,Cara,Logistics\n");
  expect((await world.run(["recipients", "import", "all.csv"])).code).toBe(0);
  const { out } = await world.run(["recipients", "list"]);
  expect(out).toMatch(/cara@example.com +Cara +team: Logistics +import/);
});

test("what is exported is imported again without any change", async () => {
  const { out } = await world.run(["recipients", "export", "--report", "sales"]);
  expect(out).toBe(
    "email,name,key,kind,locale,zone,calendar,formats,filters,region\r\nanna@example.com,Anna Berger,,person,,,,,,East\r\n",
  );
  await world.write("again.csv", out);
  const again = await world.run(["recipients", "import", "again.csv", "--report", "sales"]);
  expect(again).toMatchObject({
    code: 0,
    out: expect.stringContaining("0 added, 0 changed, 0 made inactive, 1 the same."),
  });
});

test("a name with commas, quotes and line breaks survives export and import", async () => {
  await world.write("odd.csv", 'email,name,region\nodd@example.com,"O""Neill, ""Bob""\r\nJr.","Alpine & Lakes"\n');
  await world.run(["recipients", "import", "odd.csv", "--report", "sales", "--yes"]);
  const { out } = await world.run(["recipients", "export", "--report", "sales"]);
  await world.write("again.csv", out);
  const again = await world.run(["recipients", "import", "again.csv", "--report", "sales"]);
  expect(again.out).toContain("0 added, 0 changed, 0 made inactive, 1 the same.");
});

test("an unknown recipient is refused with the nearest name, and erasing needs a word", async () => {
  const unknown = await world.run(["recipients", "erase", "cara@exampel.com", "--yes"]);
  expect(unknown).toMatchObject({
    code: 1,
    err: "✗ There is no recipient “cara@exampel.com”.\n  → did you mean “cara@example.com”?\n",
  });
  expect(await world.run(["recipients", "erase", "cara@example.com"])).toMatchObject({
    code: 2,
    err: expect.stringContaining("say --yes"),
  });
  const tried = await world.run(["recipients", "erase", "cara@example.com", "--dry-run"]);
  expect(tried).toMatchObject({
    code: 0,
    out: expect.stringContaining("Cara (cara@example.com) would be erased; nothing was changed."),
  });
  expect(tried.out).toMatch(/mentions? in records of changes/);
  expect((await world.run(["recipients", "list"])).out).toContain("Cara");
  const kept = await world.run(["recipients", "erase", "cara@example.com"], { answers: [false] });
  expect(kept).toMatchObject({ code: 0, out: "Nothing was erased.\n" });
  const { code, out } = await world.run(["recipients", "erase", "cara@example.com"], { answers: [true] });
  expect(code).toBe(0);
  expect(out).toContain("✓ Cara (cara@example.com) is erased");
  expect((await world.run(["recipients", "list"])).out).not.toContain("Cara");
});

test("nothing of an erased person is left in any table", async () => {
  const found: string[] = [];
  const tables = await world.database.pool.query("select tablename from pg_tables where schemaname = 'daybreak'");
  for (const { tablename } of tables.rows) {
    const { rows } = await world.database.pool.query(`select to_jsonb(t)::text as row from ${String(tablename)} t`);
    found.push(...rows.map((row) => String(row["row"])).filter((row) => /cara/i.test(row)));
  }
  expect(found).toEqual([]);
});
