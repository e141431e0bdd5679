/** Mornings that come due at once, sent by daemons that are processes of their own, and judged at the mail server. */
import type { App } from "#app.ts";
import { later, Temporal } from "#model/time.ts";
import { allReports } from "#store/reports.ts";
import { putSlot } from "#store/slots.ts";
import type { MailSink } from "./mail-sink.ts";
import type { BenchPlace } from "./ours.ts";
import { regionsFrom } from "./page.ts";

const firstDay = Temporal.Instant.from("2026-01-01T06:00:00Z");
let days = 0;

/** Makes the report due now, for a morning that there wasn't before; its slot's nominal time. */
export const makeDue = async ({ pool }: App): Promise<Temporal.Instant> => {
  const [known] = await allReports(pool);
  if (known === undefined) throw new Error("the report isn't known");
  const { report, version } = known;
  days += 1;
  const nominal = later(firstDay, days * 86_400_000);
  // A daemon goes by the database's clock, which may be a moment behind ours: by it the slot would be due only at the next sweep.
  const due = later(Temporal.Now.instant(), -100);
  const expiresAt = later(due, report.expiresMs);
  const timing = { schedule: report.schedule.at, zone: report.zone };
  await putSlot(pool, { report: report.name, version, ...timing, nominal, due, expiresAt, skipped: null });
  return nominal;
};

/** Where a burst is sent. */
export interface BurstPlace {
  readonly place: BenchPlace;
  readonly app: App;
  readonly sink: MailSink;
}

/** How many get it, over how many filters that nobody had before. */
export interface BurstSize {
  readonly recipients: number;
  readonly filters: number;
}

let regions = 0;

/** Sends one to everybody; milliseconds from due to the last email that the mail server took. Throws when one came twice. */
export const sendBurst = async ({ place, app, sink }: BurstPlace, size: BurstSize): Promise<number> => {
  const names = regionsFrom(regions, size.filters);
  regions += size.filters;
  await place.writePeople(
    Array.from({ length: size.recipients }, (_, n) => [`p${n}@example.com`, names[n % names.length] ?? ""]),
  );
  sink.forget();
  const begun = performance.now();
  const nominal = await makeDue(app);
  // The mail server's count is at hand; asking the database as often would be work of its own.
  for (let looks = 0; sink.counts.size < size.recipients; looks += 1) {
    if (looks % 20 === 0) await refuseEnded(app, nominal);
    await new Promise((done) => setTimeout(done, 50));
  }
  const took = performance.now() - begun;
  const twice = [...sink.counts].filter(([, count]) => count > 1);
  if (twice.length > 0) throw new Error(`${twice.length} got it more than once`);
  return took;
};

/** What can't come any more is told at once, with its reason. */
const refuseEnded = async ({ pool }: App, nominal: Temporal.Instant): Promise<void> => {
  const { rows } = await pool.query(
    `select s.reason, s.state from slots s where s.nominal = $1 and s.state in ('paused', 'skipped')
     union all (select d.reason, d.state from deliveries d join slots s on s.id = d.slot_id
       where s.nominal = $1 and d.state in ('quarantined', 'failed', 'expired', 'skipped', 'uncertain') limit 1)`,
    [nominal],
  );
  if (rows.length > 0) throw new Error(JSON.stringify(rows));
};
