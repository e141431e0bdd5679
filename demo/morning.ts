import { setTimeout as pause } from "node:timers/promises";
import type { App } from "#app.ts";
import { schedulesOf } from "#audience/plan.ts";
import { barOf } from "#cli/progress.ts";
import { type Say, sayOn } from "#cli/say.ts";
import type { Cell } from "#cli/table.ts";
import type { Terminal } from "#cli/terminal.ts";
import { cutTo } from "#cli/width.ts";
import type { Delivery, DeliveryState, Slot } from "#model/delivery.ts";
import { filtersInWords } from "#model/filters.ts";
import { later, type Temporal } from "#model/time.ts";
import { listDeliveries } from "#store/deliveries.ts";
import { peopleOf } from "#store/people.ts";
import { allReports } from "#store/reports.ts";
import { putSlot, recentSlots } from "#store/slots.ts";

/** The whole of a long reason stands in `deliveries show`. */
const longestReason = 72;
const longestMs = 5 * 60_000;
const lookEveryMs = 200;

/**
 * Makes every report due now, in the zone of each of its people, and waits until all is sent, skipped or held back, or until the
 * signal ends. True when nothing failed and nothing is left.
 */
export const liveThrough = async (app: App, terminal: Terminal, signal: AbortSignal): Promise<boolean> => {
  if (signal.aborted) return false;
  const now = app.clock.now();
  await makeDue(app, now);
  const work = app.work({ roles: ["tick", "render", "write", "send"], occasion: null });
  try {
    const deliveries = await untilDone({ app, now }, terminal, signal);
    if (!signal.aborted) report(app, terminal, deliveries);
    return deliveries.length > 0 && deliveries.every(({ state }) => asMeant.includes(state));
  } finally {
    await work.stop();
  }
};

/** One is held back on purpose, and some of the list can't be sent to. */
const asMeant: readonly DeliveryState[] = ["sent", "skipped", "quarantined"];

const makeDue = async ({ pool }: App, now: Temporal.Instant): Promise<void> => {
  for (const { report, version } of await allReports(pool)) {
    for (const { schedule, zone } of schedulesOf(report, await peopleOf(pool, [report.name]))) {
      const expiresAt = later(now, report.expiresMs);
      await putSlot(pool, {
        report: report.name,
        version,
        schedule,
        zone,
        nominal: now,
        due: now,
        expiresAt,
        skipped: null,
      });
    }
  }
};

interface Morning {
  readonly app: App;
  readonly now: Temporal.Instant;
}

const untilDone = async (
  { app: { pool, clock }, now }: Morning,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<readonly Delivery[]> => {
  const end = later(clock.now(), longestMs);
  for (;;) {
    const slots = (await recentSlots(pool, 100)).map(({ slot }) => slot).filter((slot) => slot.nominal.equals(now));
    const deliveries = (await Promise.all(slots.map((slot) => deliveriesOf(pool, slot)))).flat();
    if (signal.aborted) return deliveries;
    const done = deliveries.filter(({ state }) => !underWay.includes(state)).length;
    if (deliveries.length > 0) terminal.status(`  Drawing and sending  ${barOf(done, deliveries.length)}`);
    const isOver = slots.every(({ state }) => state === "closed" || state === "skipped");
    if (isOver || clock.now().epochMilliseconds > end.epochMilliseconds) {
      terminal.status(null);
      return deliveries;
    }
    await pause(lookEveryMs, undefined, { signal }).catch(() => undefined);
  }
};

const deliveriesOf = (pool: App["pool"], slot: Slot): Promise<Delivery[]> =>
  listDeliveries(pool, { report: null, state: null, occasion: null, slotId: slot.id, limit: 1_000 });

const underWay: readonly DeliveryState[] = ["planned", "drawn", "proven", "composed", "sending"];

const tones: Partial<Record<DeliveryState, "good" | "warn" | "bad">> = {
  sent: "good",
  skipped: "warn",
  quarantined: "bad",
  failed: "bad",
};

/** One row for each delivery: who, what, which filter, what became of it and why, and where to look. */
const report = (app: App, terminal: Terminal, deliveries: readonly Delivery[]): void => {
  const say = sayOn(terminal);
  const rows = deliveries
    .toSorted(byName)
    .map((one): readonly Cell[] => [
      one.recipientName,
      one.report,
      filtersInWords(one.filters, "everything"),
      one.formats.join(" "),
      { text: one.state, tone: tones[one.state] ?? "dim" },
      cutTo(one.reason ?? "", longestReason),
      whereOf(one),
    ]);
  say.line();
  say.table(["recipient", "report", "filter", "formats", "outcome", "why", "where to look"], rows);
  say.line();
  tellSum(app, say, deliveries);
};

const tellSum = ({ config }: App, say: Say, deliveries: readonly Delivery[]): void => {
  const sent = deliveries.filter(({ state }) => state === "sent").length;
  const tell = deliveries.every(({ state }) => asMeant.includes(state)) ? say.good : say.warn;
  const where = config.mail.via.kind === "folder" ? config.mail.via.dir : "the mail server";
  tell(`${sent} of ${deliveries.length} sent. The emails lie in ${where}; open one in any mail program.`);
  const failures = new Set(deliveries.filter(({ state }) => state === "failed").map(({ reason }) => reason ?? ""));
  for (const reason of [...failures].slice(0, 3)) say.line(`  ${reason}`);
  const held = deliveries.find(({ state }) => state === "quarantined");
  if (held !== undefined) {
    say.line(`  Why one was held back: npm run daybreak -- -c config/demo.yaml deliveries show ${held.id}`);
  }
};

const byName = (a: Delivery, b: Delivery): number =>
  a.recipientName.localeCompare(b.recipientName) || a.report.localeCompare(b.report);

const whereOf = ({ id, state }: Delivery): string => (state === "sent" ? `…_${id}.eml` : `deliveries show ${id}`);
