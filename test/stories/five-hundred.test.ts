import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { transaction } from "#store/pool.ts";
import { euros, lineOfRow, linesOf, ordersOf, revenueOf, type Wanted } from "../support/ledger.ts";
import { type Morning, openMorning, untilClosed, usualDay } from "../support/morning.ts";
import { type Email, fileWith, rowsOf } from "../support/outbox.ts";

const isLong = process.env["DAYBREAK_LONG"] === "1";
const people = isLong ? 500 : 60;
const mostFilters = isLong ? 250 : 40;

/** Combinations of filters under which there was an order yesterday, all different: a customer with a category, a region with one, a customer, two regions. */
const combinations = (): readonly Wanted[] => {
  const orders = ordersOf(usualDay, {});
  const all = orders.flatMap((order, at): readonly Wanted[] => {
    const next = orders[(at + 37) % orders.length] ?? order;
    return [
      { Customer: [order.Customer], Category: [order.Category] },
      { Region: [order.Region], Category: [order.Category] },
      { Customer: [order.Customer] },
      { Region: [...new Set([order.Region, next.Region])].sort() },
      { Customer: [...new Set([order.Customer, next.Customer])].sort() },
    ];
  });
  return [...new Map(all.map((wanted) => [JSON.stringify(wanted), wanted])).values()];
};

const filters = combinations().slice(0, mostFilters);
const addressOf = (n: number): string => `p${n}@example.com`;
const wantedBy = (n: number): Wanted => filters[n % filters.length] ?? {};

/** People as somebody would write them with plain SQL, each with filters of their own. */
const writePeople = ({ pool }: Morning): Promise<void> =>
  transaction(pool, async (db) => {
    for (let n = 0; n < people; n += 1) {
      const email = addressOf(n);
      await db.query("insert into recipients (key, name, email) values ($1, $2, $1)", [email, `Person ${n}`]);
      const sql = `insert into subscriptions (report, recipient_id, filters) select 'daily-sales', id, $2::jsonb from recipients where key = $1`;
      await db.query(sql, [email, JSON.stringify(wantedBy(n))]);
    }
  });

/** What in an email isn't its reader's own; `null`: it is all theirs. */
const strangerIn = (email: Email): string | null => {
  const n = Number(/^p(\d+)@/.exec(email.to[0] ?? "")?.[1]);
  const wanted = wantedBy(n);
  const lines = rowsOf(fileWith(email, "csv").bytes).map(lineOfRow).sort();
  if (JSON.stringify(lines) !== JSON.stringify(linesOf(usualDay, wanted))) return `rows: ${lines.join("; ")}`;
  if (!email.subject.includes(euros(revenueOf(usualDay, wanted)))) return `figure: ${email.subject}`;
  const unnamed = Object.values(wanted)
    .flat()
    .filter((value) => !email.text.includes(value));
  return unnamed.length === 0 ? null : `filters in words without ${unnamed.join(", ")}`;
};

const hashOf = (email: Email): string => createHash("sha256").update(fileWith(email, "png").bytes).digest("hex");

test(`of ${people} emails with personal filters, drawn side by side, none holds anything of somebody else's`, async () => {
  await using morning = await openMorning({
    report: {
      to: "tables",
      filter: {},
      facts: [{ name: "revenue", label: "Revenue", csv: "sum(Revenue)", currency: "EUR", decimals: 0 }],
    },
    limits: { browsers: 2 },
  });
  expect(new Set(filters.map((wanted) => JSON.stringify(wanted))).size).toBe(mostFilters);
  await writePeople(morning);
  await morning.makeDue();
  const work = morning.begin();
  await untilClosed(morning.pool, morning.log, isLong ? 3_000_000 : 200_000).finally(() => work.stop());

  const emails = await morning.emails();
  const perPerson = Array.from(
    { length: people },
    (_, n) => emails.filter(({ to }) => to.includes(addressOf(n))).length,
  );
  const foreign = emails.flatMap((email) => strangerIn(email) ?? []);
  // A picture belongs to one set of filters: nobody has another's, and who has the same filters has the same picture.
  const owners = Map.groupBy(emails, hashOf)
    .values()
    .map((group) => new Set(group.map(({ to }) => JSON.stringify(wantedBy(Number(/\d+/.exec(to[0] ?? "")?.[0]))))));
  const shared = [...owners].filter((keys) => keys.size > 1);
  const [lost, doubled] = [perPerson.filter((n) => n === 0).length, perPerson.filter((n) => n > 1).length];
  console.log(
    `foreign / lost / duplicates / N: ${foreign.length + shared.length} / ${lost} / ${doubled} / ${people} over ${filters.length} sets of filters`,
  );
  expect([foreign, shared, lost, doubled]).toEqual([[], [], 0, 0]);
  expect(new Set(emails.map(hashOf)).size).toBe(filters.length);
  const drawn = morning.sample.requests.filter(
    ({ path }) => path === "/views/Daily Sales Report/Yesterday Sales Summary",
  );
  expect(drawn).toHaveLength(filters.length);
});
