import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { transaction } from "#store/pool.ts";
import { emailsOf } from "../support/crowd.ts";
import { startDaemon, workAndDie } from "../support/daemon.ts";
import { euros, lineOfRow, linesOf, ordersOf, revenueOf, type Wanted } from "../support/ledger.ts";
import { type Morning, openMorning, untilClosed, usualDay } from "../support/morning.ts";
import { type Email, fileWith, rowsOf } from "../support/outbox.ts";
import { startSink } from "../support/sink.ts";

const isLong = process.env["DAYBREAK_LONG"] === "1";
const people = isLong ? 500 : 60;
const mostFilters = isLong ? 250 : 40;
const kills = isLong ? 20 : 3;

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

const report = {
  to: "tables",
  filter: {},
  facts: [{ name: "revenue", label: "Revenue", csv: "sum(Revenue)", currency: "EUR", decimals: 0 }],
};

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

/** Judges the emails that arrived, and prints the figures; `uncertain` addresses may have one or none. */
const judge = (what: string, emails: readonly Email[], uncertain: readonly string[]): void => {
  const perPerson = Array.from(
    { length: people },
    (_, n) => emails.filter(({ to }) => to.includes(addressOf(n))).length,
  );
  const foreign = emails.flatMap((email) => strangerIn(email) ?? []);
  // A picture belongs to one set of filters: nobody has another's.
  const owners = Map.groupBy(emails, hashOf)
    .values()
    .map((group) => new Set(group.map(({ to }) => JSON.stringify(wantedBy(Number(/\d+/.exec(to[0] ?? "")?.[0]))))));
  const shared = [...owners].filter((keys) => keys.size > 1);
  const lost = perPerson.filter((count, n) => count === 0 && !uncertain.includes(addressOf(n))).length;
  const doubled = perPerson.filter((count) => count > 1).length;
  console.log(
    `${what}: foreign / lost / duplicates / uncertain / N: ${foreign.length + shared.length} / ${lost} / ${doubled} / ${uncertain.length} / ${people} over ${filters.length} sets of filters`,
  );
  expect([foreign, shared, lost, doubled]).toEqual([[], [], 0, 0]);
};

const hashOf = (email: Email): string => createHash("sha256").update(fileWith(email, "png").bytes).digest("hex");

test(`of ${people} emails with personal filters, drawn side by side, none holds anything of somebody else's`, async () => {
  await using morning = await openMorning({
    report,
    limits: { browsers: 2 },
  });
  expect(new Set(filters.map((wanted) => JSON.stringify(wanted))).size).toBe(mostFilters);
  await writePeople(morning);
  await morning.makeDue();
  const work = morning.begin();
  await untilClosed(morning.pool, morning.log, isLong ? 3_000_000 : 200_000).finally(() => work.stop());

  const emails = await morning.emails();
  judge("nothing goes wrong", emails, []);
  expect(new Set(emails.map(hashOf)).size).toBe(filters.length);
  const drawn = morning.sample.requests.filter(
    ({ path }) => path === "/views/Daily Sales Report/Yesterday Sales Summary",
  );
  expect(drawn).toHaveLength(filters.length);
});

test(`of ${people} emails with personal filters, drawn by daemons that are killed again and again, none holds anything of somebody else's`, async () => {
  await using sink = await startSink();
  await using morning = await openMorning({
    report,
    // Short leases, so that what a dead process held is taken back in seconds; and no drawing is given up for its workers' deaths.
    limits: { browsers: 2, senders: 2, leaseMs: 5_000, sendLimitMs: 1_500, renderAttempts: 20, takeovers: 1_000 },
    config: { mail: { from: "bi@example.com", via: sink.url } },
  });
  await writePeople(morning);
  await morning.makeDue();
  for (let n = 0; n < kills; n += 1) await workAndDie(morning, (people + filters.length) / kills);
  await using last = startDaemon(morning);
  await untilClosed(morning.pool, null, isLong ? 600_000 : 90_000);
  expect(await last.stop()).toBe(0);
  const uncertain = (await morning.deliveries()).filter(({ state }) => state === "uncertain");
  const addresses = uncertain.map(({ envelope }) => envelope.to);
  judge(`${kills} kills`, await emailsOf(sink), addresses);
});
