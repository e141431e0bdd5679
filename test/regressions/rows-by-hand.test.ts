import { expect, test } from "vitest";
import { fixAudience } from "#audience/run.ts";
import { rememberTimings } from "#audience/timings.ts";
import type { RenderRequest } from "#model/render.ts";
import { Temporal } from "#model/time.ts";
import { systemClock } from "#runtime/clock.ts";
import { lastSentFacts } from "#store/deliveries.ts";
import { putReport, reportByName } from "#store/reports.ts";
import { moveSlot, openSlots, putSlot } from "#store/slots.ts";
import { freshDatabase } from "../support/database.ts";
import { allDeliveries } from "../support/morning.ts";
import { reportNamed } from "../support/reports.ts";

const now = Temporal.Instant.from("2026-11-20T06:00:00Z");
/** More than are planned at a time, so that the odd one is planned while others are being written down. */
const count = 300;

/** One picture for all: nothing is drawn here. */
const request = { key: "k", version: "v", view: { server: "main" }, formats: ["png"] } as unknown as RenderRequest;

const openReady = async () => {
  const database = await freshDatabase();
  const { pool } = database;
  await putReport(pool, { report: reportNamed("sales"), version: "v", mailer: "folder", now });
  await pool.query(
    `with who as (insert into recipients (key, name, email, attributes) select n::text, n::text, n || '@example.com', '{"region": "North"}'
       from generate_series(1, $1::int) n returning id)
     insert into subscriptions (report, recipient_id) select 'sales', id from who`,
    [count],
  );
  const known = (await reportByName(pool, "sales")) ?? expect.fail();
  const timing = { schedule: "daily 07:00", zone: "Europe/Berlin" };
  const due = { nominal: now, due: now, expiresAt: now.add({ hours: 12 }), skipped: null };
  await putSlot(pool, { report: "sales", version: "v", ...timing, ...due });
  const [fresh] = await openSlots(pool, now);
  await moveSlot(pool, fresh ?? expect.fail(), { to: "ready" });
  const [slot] = await openSlots(pool, now);
  const fix = (holidays: Readonly<Record<string, string>> = {}) =>
    fixAudience(slot ?? expect.fail(), known, {
      ...{
        pool,
        clock: { now: () => now },
        holidaysOn: async () => holidays,
        requests: (draft) => draft.parts.map(() => request),
      },
    });
  const states = async () =>
    (await pool.query("select state, count(*)::int as n, min(reason) as reason from deliveries group by 1 order by 1"))
      .rows;
  const mistakes = async () => (await rememberTimings({ pool, clock: systemClock })(known)).mistakes;
  return { database, pool, fix, states, mistakes };
};

test.each(['{"Region": "North"}', '{"Region": [5]}', '{"Region": null}', '{"Region": {"is": "North"}}'])(
  "filters that somebody wrote in SQL as %s keep only their own person from an email, with the reason",
  async (filters) => {
    const { database, pool, fix, states } = await openReady();
    await using _ = database;
    await pool.query(
      "update subscriptions set filters = $1 where recipient_id = (select id from recipients where key = '280')",
      [filters],
    );
    expect(await fix()).toBe(true);
    expect(await states()).toEqual([
      { state: "planned", n: count - 1, reason: null },
      { state: "skipped", n: 1, reason: expect.stringMatching(/“Region” holds no list of texts/) },
    ]);
  },
);

const odd = "(select id from recipients where key = '280')";
const everybody = [{ state: "planned", n: count, reason: null }];
const allButOne = (reason: RegExp) => [
  { state: "planned", n: count - 1, reason: null },
  { state: "skipped", n: 1, reason: expect.stringMatching(reason) },
];

test.each([
  '{"region": {"is": "North"}}',
  '{"region": [{"is": "North"}]}',
  '{"region": [["North"]]}',
  // Half of it would bring half of the figures.
  '{"region": ["North", {"is": "South"}]}',
  '{"region": null}',
  '{"region": [null, " "]}',
  // JSON is read with doubles: it would be …992, who is somebody else.
  '{"region": 9007199254740993}',
  '{"region": ["North", 12345678901234567890]}',
  '{"region": 1e400}',
])("attributes that hold %s keep only their own person from an email, with the reason", async (attributes) => {
  for (const [table, id] of [
    ["recipients", "id"],
    ["subscriptions", "recipient_id"],
  ]) {
    const { database, pool, fix, states } = await openReady();
    await using _ = database;
    await pool.query(`update ${table} set attributes = $1 where ${id} = ${odd}`, [attributes]);
    expect(await fix()).toBe(true);
    expect(await states()).toEqual(allButOne(/no value in “region”, which filter “Region” needs/));
  }
});

test.each([
  ["5", ["5"]],
  ["9007199254740991", ["9007199254740991"]],
  ["12.5", ["12.5"]],
  ["true", ["true"]],
  ['["North", null, 5]', ["North", "5"]],
])("an attribute of %s is what it looks like", async (value, wanted) => {
  const { database, pool, fix } = await openReady();
  await using _ = database;
  await pool.query(`update recipients set attributes = jsonb_build_object('region', $1::jsonb) where id = ${odd}`, [
    value,
  ]);
  expect(await fix()).toBe(true);
  const { rows } = await pool.query(`select filters from deliveries where recipient_id = ${odd}`);
  expect(rows).toEqual([{ filters: { Region: wanted } }]);
});

test.each([
  // The list's own column stands before the recipient's, however they are written.
  ['{"Region": "South"}', '{"region": "North"}'],
  ['{"region": "South"}', '{"REGION": "North"}'],
  // Of one row's the name that the report says.
  ['{"REGION": "South", "Region": "East", "region": "North"}', "{}"],
  ["{}", '{"REGION": "South", "Region": "East", "region": "North"}'],
])("of attributes that differ by capitals only, %s and %s, the one that counts is taken", async (general, own) => {
  const { database, pool, fix } = await openReady();
  await using _ = database;
  await pool.query(`update recipients set attributes = $1 where id = ${odd}`, [general]);
  await pool.query(`update subscriptions set attributes = $1 where recipient_id = ${odd}`, [own]);
  expect(await fix()).toBe(true);
  const { rows } = await pool.query(`select filters from deliveries where recipient_id = ${odd}`);
  expect(rows).toEqual([{ filters: { Region: ["North"] } }]);
});

/** Texts that no compression makes fit into an index. */
const long = "(select string_agg(md5(n::text), '') from generate_series(1, 200) n)";

test.each([
  [`update recipients set valid_from = '20226-12-01' where id = ${odd}`, /^starts on 9999/],
  [`update recipients set valid_until = '-infinity' where id = ${odd}`, /^ended on 0001/],
  [`update recipients set paused_until = '12026-12-31' where id = ${odd}`, /^paused until 9999/],
  [
    `update recipients set zone = '2026-01-01T00:00Z' where id = ${odd}`,
    /^the time zone “2026-01-01T00:00Z” isn't known/,
  ],
  [`update recipients set zone = '2026-01-01T00:00[Europe/Berlin]' where id = ${odd}`, /isn't known/],
  [
    `update subscriptions set label = repeat('x', 3000) where recipient_id = ${odd}`,
    /^its label “x+ …” has 3000 characters/,
  ],
  [
    `update subscriptions set split = 'each', filters = jsonb_build_object('Region', jsonb_build_array('North', ${long})) where recipient_id = ${odd}`,
    /^filter “Region” has a value of 6400 characters/,
  ],
  [
    `insert into copies (recipient_id, kind, email) values (${odd}, 'instead', 'not an address')`,
    /^the address “not an address” can't be used/,
  ],
])("one person is skipped by: %s", async (sql, reason) => {
  const { database, pool, fix, states } = await openReady();
  await using _ = database;
  await pool.query(sql);
  expect(await fix()).toBe(true);
  expect(await states()).toEqual(allButOne(reason));
});

test.each([
  `update recipients set alternate_emails = '{NULL}' where id = ${odd}`,
  `update recipients set alternate_emails = '{{a@example.org,b@example.org}}' where id = ${odd}`,
  `update subscriptions set formats = '{{png,csv}}' where recipient_id = ${odd}`,
  `update recipients set calendar = 'constructor' where id = ${odd}`,
  "insert into suppressions (email, since) values ('281@example.org', '-infinity'), ('282@example.org', 'infinity'), ('283@example.org', '0044-03-15 BC')",
  `insert into copies (recipient_id, kind, email) values (${odd}, 'cc', 'not an address')`,
])("everybody gets an email in spite of: %s", async (sql) => {
  const { database, pool, fix, states } = await openReady();
  await using _ = database;
  await pool.query(sql);
  // Whose addresses are looked up are those of the people; these suppressions are of three of them.
  await pool.query(
    "update recipients set alternate_emails = array[key || '@example.org'] where key in ('281', '282', '283')",
  );
  expect(await fix()).toBe(true);
  expect(await states()).toEqual(everybody);
  const { rows } = await pool.query(`select formats, envelope from deliveries where recipient_id = ${odd}`);
  const formats = sql.includes("formats") ? ["png", "csv"] : reportNamed("sales").formats;
  expect(rows).toEqual([{ formats, envelope: { to: "280@example.com", toName: "280", cc: [], bcc: [] } }]);
});

test("a stand-in from a year with five digits on isn't one yet", async () => {
  const { database, pool, fix } = await openReady();
  await using _ = database;
  await pool.query(
    `insert into copies (recipient_id, kind, email, "from") values (${odd}, 'instead', 'stand.in@example.com', '20226-12-01')`,
  );
  expect(await fix()).toBe(true);
  const { rows } = await pool.query(`select envelope ->> 'to' as "to" from deliveries where recipient_id = ${odd}`);
  expect(rows).toEqual([{ to: "280@example.com" }]);
});

test("a zone that the database doesn't know keeps nobody's last figures from anybody", async () => {
  const { database, pool, fix } = await openReady();
  await using _ = database;
  expect(await fix()).toBe(true);
  const zone = "US/Pacific-New";
  await expect(pool.query("select now() at time zone $1", [zone])).rejects.toThrow(zone);
  await pool.query("insert into moves (noun, source, target) values ('deliveries', 'planned', 'sent')");
  await pool.query(
    "update deliveries set state = 'sent', facts = '[]', nominal = $1, zone = $2 where recipient_name in ('1', '2')",
    [now.subtract({ hours: 24 }), zone],
  );
  const delivery = (await allDeliveries(pool)).find((one) => one.state === "planned") ?? expect.fail();
  expect(await lastSentFacts(pool, delivery)).toEqual({ facts: [], date: "2026-11-18" });
});

/** A group by this rule, and how many get an email because they belong to it. */
const membersBy = async (rule: string) => {
  const { database, pool, fix, mistakes } = await openReady();
  await using _ = database;
  await pool.query(
    `with g as (insert into groups (key, rule) values ('desk', $1) returning id)
       insert into subscriptions (report, group_id, label, filters) select 'sales', id, 'desk', '{"Region": ["Northwest"]}' from g`,
    [rule],
  );
  expect(await fix()).toBe(true);
  const { rows } = await pool.query("select count(*)::int as n from deliveries where label = 'desk'");
  return { members: rows[0]?.["n"], mistakes: await mistakes() };
};

test("a group's rule with a text in place of a list takes in whoever has that text, and nobody who has a part of it", async () => {
  expect(await membersBy('{"region": "Northwest"}')).toEqual({ members: 0, mistakes: [] });
  expect(await membersBy('{"region": "North"}')).toEqual({ members: count, mistakes: [] });
});

test("a rule on what every object answers to takes in nobody, and stops nobody", async () => {
  for (const name of ["__proto__", "constructor", "toString"])
    expect(await membersBy(`{"${name}": ["x"]}`)).toEqual({ members: 0, mistakes: [] });
});

test.each(["null", "[]", '{"is": "North"}', '[["North"]]', "9007199254740993"])(
  "a group's rule with %s for an attribute takes in nobody, and that is said",
  async (values) => {
    expect(await membersBy(`{"region": ${values}}`)).toEqual({
      members: 0,
      mistakes: ["group “desk”: its rule has no list of values for “region”, so nobody belongs to it by that rule"],
    });
  },
);

test("a planning that fails leaves nothing of what was being written down meanwhile", async () => {
  const { database, pool, fix, states } = await openReady();
  await using _ = database;
  await pool.query("update recipients set calendar = 'odd' where key = '280'");
  const odd = {
    get odd(): string {
      return expect.fail("an odd calendar");
    },
  };
  await expect(fix(odd)).rejects.toThrow("an odd calendar");
  await new Promise((done) => setTimeout(done, 300));
  expect(await states()).toEqual([]);
  await pool.query("update recipients set calendar = null");
  expect(await fix()).toBe(true);
  expect(await states()).toEqual([{ state: "planned", n: count, reason: null }]);
});
