import { expect, test } from "vitest";
import { count, openReady } from "../support/ready-slot.ts";
import { reportNamed } from "../support/reports.ts";

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

test.each([
  [1_500, /^its label “[0-9a-f]+ …” has 1500 characters/, count],
  [4_800, /^filter “Region” has a value of 4800 characters/, count - 1],
])("of two values, one of %d characters, as much goes out as can", async (length, reason, planned) => {
  const { database, pool, fix, states } = await openReady();
  await using _ = database;
  // Texts that no compression makes fit into an index.
  await pool.query(
    `update subscriptions set split = 'each', filters = jsonb_build_object('Region', jsonb_build_array('North',
       left((select string_agg(md5(n::text), '') from generate_series(1, 150) n), $1))) where recipient_id = ${odd}`,
    [length],
  );
  expect(await fix()).toBe(true);
  expect(await states()).toEqual([
    { state: "planned", n: planned, reason: null },
    { state: "skipped", n: 1, reason: expect.stringMatching(reason) },
  ]);
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
