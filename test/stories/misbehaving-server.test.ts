import { afterAll, beforeAll, expect, test } from "vitest";
import { discard, release } from "#actions/deliveries.ts";
import type { Delivery } from "#model/delivery.ts";
import type { MisbehaviourKind } from "../../demo/server/server.ts";
import { lineOfRow, linesOf, ordersOf } from "../support/ledger.ts";
import { type Morning, openMorning, untilClosed, usualDay } from "../support/morning.ts";
import { fileWith, only, rowsOf } from "../support/outbox.ts";

/** What the server does wrong to one customer's view, where that ends, and words of the reason. */
const wrongs: readonly (readonly [kind: MisbehaviourKind, state: "quarantined" | "failed", reason: RegExp])[] = [
  ["filter-ignored", "quarantined", /rows hold something else in column “Customer”/],
  ["filter-not-applied", "quarantined", /the answer of .* holds .* in “Customer”/],
  ["foreign-rows", "quarantined", /something else in column “Customer”/],
  ["foreign-csv", "quarantined", /rows hold something else in column “Customer”/],
  ["http-500", "failed", /500/],
  ["blank", "failed", /one colour/],
  ["leaves-host", "failed", /always refused/],
  ["tall", "failed", /px|pixels|tall/],
  ["csv-error", "failed", /500/],
];

/** Customers who ordered yesterday, so that nobody's email is empty. */
const customers = [...new Set(ordersOf(usualDay, {}).map(({ Customer }) => Customer))];
const honest = ["honest-1", "honest-2"];
const keys = [...wrongs.map(([kind]) => kind), ...honest];
const customerOf = (key: string): string => customers[keys.indexOf(key)] ?? "";
const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
const people = [
  "email,name,customer",
  ...keys.map((key) => `${key}@example.com,${key},${quoted(customerOf(key))}`),
].join("\n");

let morning: Morning;
let deliveries: readonly Delivery[];
const of = (key: string): Delivery =>
  deliveries.find(({ recipientName }) => recipientName === key) ?? expect.fail(`nothing for ${key}`);

beforeAll(async () => {
  morning = await openMorning({
    people,
    report: { filter: { Customer: "customer" } },
    limits: { renderAttempts: 1, settleTimeoutMs: 15_000, exportTimeoutMs: 15_000, openTimeoutMs: 15_000 },
  });
  for (const [kind] of wrongs) morning.sample.misbehave({ kind, when: { Customer: [customerOf(kind)] } });
  deliveries = await morning.live();
});
afterAll(() => morning[Symbol.asyncDispose]());

test.each(wrongs)("%s: its person gets nothing, and the reason can be read", async (kind, state, reason) => {
  expect(of(kind)).toMatchObject({ state, reason: expect.stringMatching(reason) });
});

test("of all whose view went wrong nobody gets an email, and everybody else does", async () => {
  const emails = await morning.emails();
  const wronged = emails.filter((email) => !honest.some((key) => email.to.includes(`${key}@example.com`)));
  console.log(
    `wrong or foreign / lost / N: ${wronged.length} / ${honest.length - (emails.length - wronged.length)} / ${keys.length}`,
  );
  expect(wronged).toEqual([]);
  for (const key of honest) {
    const rows = rowsOf(fileWith(only(emails, `${key}@example.com`), "csv").bytes);
    expect(rows.map(lineOfRow).sort()).toEqual(linesOf(usualDay, { Customer: [customerOf(key)] }));
  }
});

test("what is quarantined goes out once an operator releases it, and never once it is discarded", async () => {
  const [released, discarded] = [of("filter-not-applied"), of("foreign-csv")];
  await release({ id: released.id, by: "op", reason: "the region is right" }, morning);
  await discard({ id: discarded.id, by: "op", reason: "wrong rows" }, morning);
  await morning.pool.query("update slots set state = 'planned' where state = 'closed'");
  const work = morning.begin();
  await untilClosed(morning.pool, morning.log);
  await work.stop();
  const emails = await morning.emails();
  expect(emails.map(({ to }) => to[0]).sort()).toEqual([
    "filter-not-applied@example.com",
    ...honest.map((key) => `${key}@example.com`),
  ]);
  await expect(release({ id: discarded.id, by: "op", reason: "after all" }, morning)).rejects.toThrow(/discarded/);
});
