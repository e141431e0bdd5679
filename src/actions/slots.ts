/** An operator's verbs for a slot that the audience guard has paused, and the newest slots to choose from. */
import { refuseReport } from "#actions/named.ts";
import type { Slot } from "#model/delivery.ts";
import { Fault } from "#model/fault.ts";
import { type Pool, transaction } from "#store/pool.ts";
import { allReports } from "#store/reports.ts";
import { lockSlot, moveSlot, recentSlots, type SlotCounts, slotById } from "#store/slots.ts";
import { noteOnSlot, releaseWave } from "#store/waves.ts";

/** The newest slots, of one report where it is named. */
export const listSlots = async (
  { report, limit }: { readonly report: string | null; readonly limit: number },
  pool: Pool,
): Promise<readonly SlotCounts[]> => {
  const slots = await recentSlots(pool, report === null ? limit : MOST);
  if (report === null) return slots;
  const own = slots.filter(({ slot }) => slot.report === report).slice(0, limit);
  const names = (await allReports(pool)).map((known) => known.report.name);
  return own.length > 0 || names.includes(report) ? own : refuseReport(report, names);
};

/** Far more than anybody looks back through when asking for one report. */
const MOST = 10_000;

/** What is asked of a slot, and by whom. */
export interface SlotAsk {
  readonly id: string;
  readonly by: string;
  /** Why; kept with the slot. */
  readonly reason: string;
}

/**
 * Lets a paused slot go on: its audience is drawn up anew and gets its deliveries. One whose first wave is out lets the rest follow, whatever
 * the checks said of it.
 */
export const releaseSlot = async (ask: SlotAsk, pool: Pool): Promise<Slot> => {
  const slot = await slotNamed(ask.id, pool);
  if (slot.state !== "planned") return movePaused(ask, "ready", pool);
  const reason = `${slot.reason ?? ""} (${ask.by}: ${ask.reason})`.trim();
  const released = await transaction(
    pool,
    async (db) => {
      await lockSlot(db, ask.id);
      const count = await releaseWave(db, ask.id);
      if (count !== null) await noteOnSlot(db, ask.id, reason);
      return count;
    },
    ask.by,
  );
  return released === null ? movePaused(ask, "ready", pool) : slot;
};

/** Ends a paused slot: nobody gets it. */
export const skipSlot = (ask: SlotAsk, pool: Pool): Promise<Slot> => movePaused(ask, "skipped", pool);

const slotNamed = async (id: string, pool: Pool): Promise<Slot> => {
  const slot = /^\d{1,18}$/.test(id) ? await slotById(pool, id) : null;
  if (slot !== null) return slot;
  throw new Fault("store.not-found", `There is no slot “${id}”.`, { hint: "see them: daybreak slots list" });
};

const movePaused = async ({ id, by, reason }: SlotAsk, to: "ready" | "skipped", pool: Pool): Promise<Slot> => {
  const slot = await slotNamed(id, pool);
  const move = { to, reason: `${slot.reason ?? ""} (${by}: ${reason})` };
  const done = await transaction(
    pool,
    async (db) => {
      const current = await lockSlot(db, id);
      return current?.state === "paused" && (await moveSlot(db, current, move));
    },
    by,
  );
  if (!done) {
    const hint = "only a slot that the audience guard has paused, or whose first wave is out, waits for a word";
    const stopped = slot.isStopped === true ? ", and an operator has stopped it" : "";
    throw new Fault("usage", `Slot ${id} isn't paused: it is ${slot.state}${stopped}.`, { hint });
  }
  return slot;
};
