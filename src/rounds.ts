/** What the loops do in one round each. A round looks for rows that want work; `"more"` asks for the next one at once. */
import { type DeliverParts, sendNext, writeNext } from "#deliver.ts";
import type { Slot } from "#model/delivery.ts";
import { isFault, wordsOf } from "#model/fault.ts";
import { msBetween, type Temporal } from "#model/time.ts";
import { gatherDrawn } from "#render/fan-in.ts";
import type { Painter } from "#render/painter.ts";
import { type DrawParts, drawNext } from "#render/run.ts";
import { limitTo } from "#runtime/limit.ts";
import { ringAll, ringOne, type Wake } from "#runtime/wake.ts";
import { settleOrphans } from "#send/settle.ts";
import { advanceSlot, type SlotParts } from "#slot.ts";
import { expireDeliveries } from "#store/deliveries.ts";
import { knowServers } from "#store/servers.ts";
import { openSlots, untoldSlots } from "#store/slots.ts";
import { type Taken, takeDeliveries, takeRenders } from "#store/takeover.ts";
import { agreeOnTime } from "#store/time.ts";
import { beatWorker } from "#store/workers.ts";

/** What a process does; `tick`, `render` and `send` by default. `send` writes too; `write` alone leaves emails unsent, for previews. */
export type Role = "tick" | "render" | "write" | "send" | "backup";

/** What the rounds use. */
export interface RoundParts extends SlotParts, DeliverParts, DrawParts {
  /** Records the slots that are due; how many were made. */
  readonly tick: () => Promise<number>;
  /** Reads the lists of people that have gone unread for a while; how many. */
  readonly freshLists: () => Promise<number>;
  /** Looks after everything that somebody must know of, and after what ends by itself. */
  readonly watch: () => Promise<void>;
  /** Tells a closed slot's owner how it went, once. */
  readonly tellOwner: (slot: Slot, signal: AbortSignal) => Promise<void>;
}

/** What bounds the rounds. */
export interface RoundSettings {
  readonly roles: readonly Role[];
  /** Names this process in leases. */
  readonly owner: string;
  readonly host: string;
  readonly pid: number;
  /** Only the deliveries of one occasion; `null`: all. */
  readonly occasion: string | null;
  readonly leaseMs: number;
  readonly sendLimitMs: number;
  readonly renderAttempts: number;
  /** Workers that may end over one piece of work before it is given up. */
  readonly takeovers: number;
}

/** The bells of the loops; workers of one kind have one each, since a ring wakes one loop. */
export interface Bells {
  readonly tick: Wake;
  readonly slots: Wake;
  readonly draw: Wake[];
  readonly write: Wake[];
  readonly post: Wake[];
}

/** What a round is made from. */
export interface Shift {
  readonly parts: RoundParts;
  readonly settings: RoundSettings;
  readonly bells: Bells;
}

/** One round of a loop. */
export type Round = (signal: AbortSignal) => Promise<"more" | undefined>;

/** Records what is due. */
export const tick =
  ({ parts, bells }: Shift): Round =>
  async () => {
    await agreeOnTime(parts.pool, parts.clock);
    if ((await parts.tick()) > 0) bells.slots.ring();
    await parts.passPoint("tick:made");
    return undefined;
  };

/** Whoever is new in a list may have a time or a zone that nobody had before. */
export const lists =
  ({ parts, bells }: Shift): Round =>
  async () => {
    if ((await parts.freshLists()) > 0) bells.tick.ring();
    return undefined;
  };

/** Slots that are asked about at once: a probe that hangs must not keep the others from theirs. */
const slotsAtOnce = 8;

/** One slot's fault stops only that slot; it is tried again at the next round. */
export const moveSlots = ({ parts, bells }: Shift): Round => {
  const troubles = slotTroubles(parts);
  return async (signal) => {
    const limit = limitTo(slotsAtOnce);
    const guard = async (slot: Slot, step: () => Promise<boolean>): Promise<boolean> => {
      try {
        const moved = await limit.run(step);
        await troubles.clear(slot);
        return moved;
      } catch (error) {
        parts.log.error("slot.fault", { slot: slot.id, report: slot.report, error });
        await troubles.tell(slot, error);
        return false;
      }
    };
    const open = await openSlots(parts.pool, parts.clock.now());
    const moved = await Promise.all(open.map((slot) => guard(slot, () => advanceSlot(slot, parts, signal))));
    const tell = async (slot: Slot): Promise<boolean> => {
      await parts.tellOwner(slot, signal);
      return false;
    };
    await Promise.all((await untoldSlots(parts.pool)).map((slot) => guard(slot, () => tell(slot))));
    if (!moved.includes(true)) return undefined;
    await gatherDrawn(null, parts);
    ringAll([...bells.draw, ...bells.write]);
    return "more";
  };
};

/** Tells of a fault that stops a slot, and that it is over; what is told must never stop anybody. */
const slotTroubles = ({ alerts, log }: RoundParts) => {
  const faulty = new Set<string>();
  const guarded = async (step: Promise<unknown>): Promise<void> => {
    await step.catch((error: unknown) => log.error("alert.kept", { error }));
  };
  const tell = async ({ id, report }: Slot, error: unknown): Promise<void> => {
    if (isFault(error, "store.unreachable") || isFault(error, "run.aborted")) return;
    const lines = [
      wordsOf(error),
      ...(isFault(error) ? [`What to do: ${error.hint}`] : []),
      "It is tried again until it expires.",
    ];
    const subject = `${report}: slot ${id} can't go on`;
    // Once may be chance; the second time in a row it isn't.
    if (faulty.has(id)) await guarded(alerts.raise({ key: `slot-fault:${id}`, severity: "critical", subject, lines }));
    faulty.add(id);
  };
  const clear = async ({ id }: Slot): Promise<void> => {
    if (faulty.delete(id)) await guarded(alerts.recover(`slot-fault:${id}`));
  };
  return { tell, clear };
};

/** One round of looking after what people must know. */
export const lookAround =
  ({ parts }: Shift): Round =>
  async () => {
    await parts.watch();
    return undefined;
  };

/** Finds what nobody told of. */
export const sweep =
  ({ parts, settings }: Shift): Round =>
  async () => {
    await gatherDrawn(null, parts);
    await settleOrphans(settings.sendLimitMs, parts);
    const expired = await expireDeliveries(parts.pool, parts.clock.now(), "it was not sent before it expired");
    for (const id of expired) parts.log.warn("delivery.expired", { delivery: id });
    return undefined;
  };

/** Tells that this process is at work, and takes over what dead ones held. Every process does, so that any one that is left is enough. */
export const takeOver =
  ({ parts, settings, bells }: Shift): Round =>
  async () => {
    const { owner, host, pid, roles, takeovers } = settings;
    const { pool, mailer } = parts;
    const servers = parts.concurrency();
    await agreeOnTime(pool, parts.clock);
    await knowServers(pool, servers, false);
    await beatWorker(pool, { owner, host, pid, roles, servers: Object.keys(servers), mailer });
    const renders = await takeRenders(pool, takeovers);
    const deliveries = await takeDeliveries(pool, takeovers);
    tellTaken("render", renders, parts);
    tellTaken("delivery", deliveries, parts);
    for (const id of renders.worn) await gatherDrawn(id, parts);
    if (renders.again.length > 0) ringAll(bells.draw);
    if (deliveries.again.length > 0) ringAll(bells.write);
    return undefined;
  };

const tellTaken = (what: "render" | "delivery", { again, worn }: Taken, { log }: RoundParts): void => {
  for (const id of again) log.warn(`${what}.taken-over`, { [what]: id });
  for (const id of worn) log.error(`${what}.worn`, { [what]: id });
};

const asked = ({ parts, settings }: Shift) => ({
  owner: settings.owner,
  leaseMs: settings.leaseMs,
  occasion: settings.occasion,
  now: parts.clock.now(),
});

/** One render. */
export const draw =
  (shift: Shift, painter: Painter): Round =>
  async (signal) => {
    const { parts, settings, bells } = shift;
    const ask = { ...asked(shift), attempts: settings.renderAttempts };
    const renderId = await drawNext(ask, { parts, painter, signal });
    if (renderId === null) return undefined;
    await gatherDrawn(renderId, parts);
    ringAll(bells.write);
    return "more";
  };

/** Looking through all that is planned costs the database more the more there is. */
const gatherEveryMs = 1_000;

/** One delivery a round, so that a stop is heeded between two. What a writer holds is its own, and no other's of the same process. */
export const write = (shift: Shift, n: number): Round => {
  const { parts, bells } = shift;
  const owner = `${shift.settings.owner}/${n}`;
  const from = n % 2 === 0 ? "front" : "back";
  let wrote = false;
  let gatheredAt: Temporal.Instant | null = null;
  return async () => {
    // Late notes need no picture, and some pictures are there before those that want them: nobody else tells that these are ready.
    const now = parts.clock.now();
    if (n === 0 && !wrote && (gatheredAt === null || msBetween(gatheredAt, now) >= gatherEveryMs)) {
      gatheredAt = now;
      await gatherDrawn(null, parts);
    }
    if (await writeNext({ ...asked(shift), owner, from }, parts)) {
      wrote = true;
      ringOne(bells.post);
      return "more";
    }
    wrote = false;
    return undefined;
  };
};

/** One email a round: on a stop the one that is on the wire is finished and no further one begun. */
export const post =
  (shift: Shift): Round =>
  async (signal) => {
    const { parts, settings } = shift;
    const ask = { ...asked(shift), leaseMs: settings.sendLimitMs };
    return (await sendNext(ask, parts, signal)) ? "more" : undefined;
  };
