import { readdir } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Delivery } from "#model/delivery.ts";
import { lineOfRow, linesOf } from "../support/ledger.ts";
import { type Morning, openMorning, usualDay } from "../support/morning.ts";
import { type Email, fileWith, only, rowsOf } from "../support/outbox.ts";

const script = "<script>alert(1)</script>";
const image = '<img src=x onerror="alert(2)">';
const braces = "{{constructor}} {{{../report}}} {{> evil}}";
const long = "N".repeat(300);

/** Key, name, address, region and zone; the key is how the test finds the person again. */
const rows: readonly (readonly [key: string, name: string, email: string, region: string, zone?: string])[] = [
  ["good", "Good Person", "good@example.com", "North"],
  ["no-dot", "No Dot", "nodot@example", "North"],
  ["no-at", "No At", "not an address", "North"],
  ["zone", "Odd Zone", "zone@example.com", "North", "Europe/Atlantis"],
  ["no-region", "No Region", "noregion@example.com", ""],
  ["name-header", "Anna\r\nBcc: evil@example.net", "nameheader@example.com", "North"],
  ["email-header", "Header", "header@example.com\r\nBcc: evil@example.net", "North"],
  ["two", "Two", "two@example.com, evil@example.net", "North"],
  ["control", "Control", "control@example.com", "North\u0007South"],
  ["html-name", `${script} & "Co"`, "htmlname@example.com", "North"],
  ["braces-name", braces, "bracesname@example.com", "North"],
  ["html-region", "Html Region", "htmlregion@example.com", image],
  ["braces-region", "Braces Region", "bracesregion@example.com", braces],
  ["path-region", "Path Region", "path@example.com", "../../../etc/passwd"],
  ["long-name", long, "longname@example.com", "North"],
  ["long-region", "Long Region", "longregion@example.com", long],
  ["key/../../x", "Path Key", "pathkey@example.com", "South"],
];

const cell = (text: string): string => `"${text.replaceAll('"', '""')}"`;
const people = [
  "key,name,email,region,zone",
  ...rows.map(([key, name, email, region, zone = ""]) => [key, name, email, region, zone].map(cell).join(",")),
].join("\n");

let morning: Morning;
let deliveries: readonly Delivery[];
let emails: readonly Email[];

beforeAll(async () => {
  // Views without rows are sent as they are, so that their filters stand in texts and file names.
  morning = await openMorning({
    people,
    report: { empty: "send", owner: "owner@example.com", subject: "{{title}} for {{name}}: {{filters}}" },
  });
  deliveries = await morning.live();
  emails = await morning.emails();
});
afterAll(() => morning[Symbol.asyncDispose]());

const idOf = async (key: string): Promise<string> =>
  String((await morning.pool.query("select id from recipients where key = $1", [key])).rows[0]?.["id"]);
const of = async (key: string): Promise<Delivery> => {
  const id = await idOf(key);
  return deliveries.find(({ recipientId }) => recipientId === id) ?? expect.fail(`nothing for ${key}`);
};

test.each([
  ["no-dot", /“nodot@example” can't be used: “example” has no dot/],
  ["no-at", /can't be used: the address holds a blank/],
  ["zone", /the time zone “Europe\/Atlantis” isn't known/],
  ["no-region", /no value in “region”, which filter “Region” needs/],
  ["email-header", /can't be used: the address holds a line break/],
  ["two", /can't be used/],
  ["control", /control characters/],
])("the row %s stops only itself and says why", async (key, reason) => {
  expect(await of(key)).toMatchObject({ state: "skipped", reason: expect.stringMatching(reason) });
});

test("a name that would make a header fails alone and says why", async () => {
  expect(await of("name-header")).toMatchObject({
    state: "failed",
    reason: expect.stringMatching(/the subject holds a line break/),
  });
});

test("everybody else gets the own email and nobody a stranger's", () => {
  const skipped = [
    "nodot@example",
    "not an address",
    "zone@example.com",
    "noregion@example.com",
    "control@example.com",
    "nameheader@example.com",
  ];
  const wanted = rows
    .map(([, , email]) => email)
    .filter((email) => !skipped.includes(email) && !email.includes("evil"));
  expect(emails.flatMap(({ to, cc }) => [...to, ...cc]).sort()).toEqual([...wanted, "owner@example.com"].sort());
  const own = rowsOf(fileWith(only(emails, "good@example.com"), "csv").bytes)
    .map(lineOfRow)
    .sort();
  expect(own).toEqual(linesOf(usualDay, { Region: ["North"] }));
});

test("no header is made by a name, an address or a filter", () => {
  for (const { headers, raw, subject } of emails) {
    expect([...headers.keys()].filter((name) => name === "bcc")).toEqual([]);
    expect(subject).not.toMatch(/[\r\n]/);
    const head = raw.toString("latin1").split("\r\n\r\n", 1)[0] ?? "";
    expect(head).not.toMatch(/^bcc:/im);
  }
});

test("marks of HTML and of templates in names and filters are shown as they are", () => {
  for (const { html } of emails) {
    const tags = html.replaceAll(/"[^"]*"/g, '""');
    expect(/<script|<img[^>]*onerror/i.exec(tags)).toBeNull();
    expect(html.includes("[object Object]")).toBe(false);
  }
  const [named, braced] = [only(emails, "htmlname@example.com"), only(emails, "bracesname@example.com")];
  expect(named.text).toContain(script);
  expect(named.html).toContain("&lt;script&gt;");
  expect(named.subject).toContain(script);
  expect(braced.text).toContain(braces);
  expect(only(emails, "bracesregion@example.com").subject).toContain("{{constructor}}");
  expect(only(emails, "htmlregion@example.com").text).toContain(image);
});

test("file names stay in their folder, below their length and free of marks", async () => {
  const attached = emails.flatMap(({ files }) => files.map(({ name }) => name));
  const names = [...attached, ...emails.map(({ file }) => file), ...(await readdir(morning.outbox))];
  expect(attached.length).toBeGreaterThan(0);
  expect(names.filter((name) => /[/\\<>:"|?*{}\r\n]|\.\./.test(name))).toEqual([]);
  expect(names.filter((name) => Buffer.byteLength(name) > 200)).toEqual([]);
  expect(await readdir(morning.dir)).toEqual(["daybreak.yaml", "home", "outbox", "people.csv"]);
});

test("the owner is told of every row that was left out", () => {
  const { text } = only(emails, "owner@example.com");
  for (const name of ["No Dot", "No At", "Odd Zone", "No Region", "Header", "Two", "Control"])
    expect(text).toContain(name);
});
