/** The loops of a running Daybreak: tick, lists, slots, sweep, draw, write, post. Rows say what is owed; a bell only shortens a wait. */
import { schedule as everyMinute } from "node-cron";
import { type DeliverParts, sendNext, writeNext } from "#deliver.ts";
import type { Slot } from "#model/delivery.ts";
import { gatherDrawn } from "#render/fan-in.ts";
import type { Painter } from "#render/painter.ts";
import { type DrawParts, drawNext } from "#render/run.ts";
import { limitTo } from "#runtime/limit.ts";
import { type Loop, startLoop } from "#runtime/loop.ts";
import { openWake, type Wake } from "#runtime/wake.ts";
import { settleOrphans } from "#send/settle.ts";
import { advanceSlot, type SlotParts } from "#slot.ts";
import { expireDeliveries } from "#store/deliveries.ts";
import { giveBackRenders, reapRenders } from "#store/renders.ts";
import { openSlots, untoldSlots } from "#store/slots.ts";

/** What a process does; `tick`, `render` and `send` by default. `send` writes too; `write` alone leaves emails unsent, for previews. */
export type Role = "tick" | "render" | "write" | "send";

/** The parts of all loops, with the settings that bound them. */
export interface WorkParts extends SlotParts, DeliverParts, DrawParts {
  /** Records the slots that are due; how many were made. */
  readonly tick: () => Promise<number>;
  /** Reads the lists of people that have gone unread for a while; how many. */
  readonly freshLists: () => Promise<number>;
  /** Tells a closed slot's owner how it went, once. */
  readonly tellOwner: (slot: Slot, signal: AbortSignal) => Promise<void>;
  readonly openPainter: () => Painter;
}

/** How this process works. */
export interface WorkSettings {
  readonly roles: readonly Role[];
  /** Names this process in leases. */
  readonly owner: string;
  /** Only the deliveries of one occasion; `null`: all. */
  readonly occasion: string | null;
  readonly sweepEveryMs: number;
  readonly leaseMs: number;
  readonly sendLimitMs: number;
  readonly renderAttempts: number;
  readonly painters: number;
  readonly senders: number;
  /** How long a send may go on after the process was told to stop. */
  readonly stopTimeoutMs: number;
}

/** A process at work. */
export interface Work {
  readonly loops: readonly Loop[];
  /** Something new may be owed. */
  ring(): void;
  /** Takes nothing new, finishes sends, gives renders back. */
  stop(): Promise<void>;
}

/** Starts the loops of this process's roles. */
export const startWork = (parts: WorkParts, settings: WorkSettings): Work => {
  const bells: Bells = { tick: openWake(), slots: openWake(), draw: [], write: openWake(), post: [] };
  const shift: Shift = { parts, settings, bells };
  const has = (role: Role) => settings.roles.includes(role);
  const painters = has("render") ? Array.from({ length: settings.painters }, parts.openPainter) : [];
  const loops = [
    ...(has("tick") ? startPlanning(shift) : []),
    ...painters.map((painter, n) =>
      startRound(shift, { name: `draw-${n}`, wake: added(bells.draw), work: draw(shift, painter) }),
    ),
    ...(has("write") || has("send")
      ? [startRound(shift, { name: "write", wake: bells.write, work: write(shift) })]
      : []),
    ...(has("send") ? Array.from({ length: settings.senders }, (_, n) => startPosting(shift, n)) : []),
  ];
  // A minute that was missed loses nothing, since the tick looks back; the library would warn about it in words of its own.
  const timer =
    has("tick") && settings.occasion === null
      ? everyMinute("* * * * *", bells.tick.ring, { suppressMissedWarning: true })
      : null;
  const stop = async (): Promise<void> => {
    await timer?.stop();
    await Promise.all(loops.map((loop) => loop.stop()));
    await Promise.all(painters.map((painter) => painter.close()));
    await giveBackRenders(parts.pool, settings.owner).catch(() => 0);
  };
  return { loops, ring: () => ringAll([bells.slots, ...bells.draw, bells.write, ...bells.post]), stop };
};

/** The bells of the loops; workers of one kind have one each, since a ring wakes one loop. */
interface Bells {
  readonly tick: Wake;
  readonly slots: Wake;
  readonly draw: Wake[];
  readonly write: Wake;
  readonly post: Wake[];
}

interface Shift {
  readonly parts: WorkParts;
  readonly settings: WorkSettings;
  readonly bells: Bells;
}

type Round = (signal: AbortSignal) => Promise<"more" | undefined>;

const ringAll = (wakes: readonly Wake[]): void => {
  for (const wake of wakes) wake.ring();
};

const added = (bells: Wake[]): Wake => {
  const wake = openWake();
  bells.push(wake);
  return wake;
};

const startRound = (
  { parts, settings }: Shift,
  { name, wake, work }: { readonly name: string; readonly wake: Wake; readonly work: Round },
): Loop =>
  startLoop({
    name,
    everyMs: settings.sweepEveryMs,
    wake,
    work,
    clock: parts.clock,
    // A render is given back; a send is finished.
    finishWithinMs: name.startsWith("draw") ? 0 : settings.stopTimeoutMs,
    onFault: (error, inARow) => parts.log.error("loop.fault", { loop: name, error, inARow }),
  });

const startPlanning = (shift: Shift): readonly Loop[] => [
  startRound(shift, { name: "tick", wake: shift.bells.tick, work: tick(shift) }),
  startRound(shift, { name: "lists", wake: openWake(), work: lists(shift) }),
  startRound(shift, { name: "slots", wake: shift.bells.slots, work: moveSlots(shift) }),
  startRound(shift, { name: "sweep", wake: openWake(), work: sweep(shift) }),
];

const startPosting = (shift: Shift, n: number): Loop =>
  startRound(shift, { name: `post-${n}`, wake: added(shift.bells.post), work: post(shift) });

const tick =
  ({ parts, bells }: Shift): Round =>
  async () => {
    if ((await parts.tick()) > 0) bells.slots.ring();
    return undefined;
  };

/** Whoever is new in a list may have a time or a zone that nobody had before. */
const lists =
  ({ parts, bells }: Shift): Round =>
  async () => {
    if ((await parts.freshLists()) > 0) bells.tick.ring();
    return undefined;
  };

/** Slots that are asked about at once: a probe that hangs must not keep the others from theirs. */
const slotsAtOnce = 8;

/** One slot's fault stops only that slot; it is tried again at the next round. */
const moveSlots =
  ({ parts, bells }: Shift): Round =>
  async (signal) => {
    const limit = limitTo(slotsAtOnce);
    const guard = async (slot: Slot, step: () => Promise<boolean>): Promise<boolean> => {
      try {
        return await limit.run(step);
      } catch (error) {
        parts.log.error("slot.fault", { slot: slot.id, report: slot.report, error });
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
    ringAll([...bells.draw, bells.write]);
    return "more";
  };

const sweep =
  ({ parts, settings }: Shift): Round =>
  async () => {
    await reapRenders(parts.pool, settings.renderAttempts);
    await gatherDrawn(null, parts);
    await settleOrphans(settings.sendLimitMs, parts);
    const expired = await expireDeliveries(parts.pool, parts.clock.now(), "it was not sent before it expired");
    for (const id of expired) parts.log.warn("delivery.expired", { delivery: id });
    return undefined;
  };

const asked = ({ parts, settings }: Shift) => ({
  owner: settings.owner,
  leaseMs: settings.leaseMs,
  occasion: settings.occasion,
  now: parts.clock.now(),
});

const draw =
  (shift: Shift, painter: Painter): Round =>
  async (signal) => {
    const { parts, settings, bells } = shift;
    const ask = { ...asked(shift), attempts: settings.renderAttempts };
    const renderId = await drawNext(ask, { parts, painter, signal });
    if (renderId === null) return undefined;
    await gatherDrawn(renderId, parts);
    bells.write.ring();
    return "more";
  };

/** One delivery a round, so that a stop is heeded between two. */
const write = (shift: Shift): Round => {
  const { parts, bells } = shift;
  let wrote = false;
  return async () => {
    // Late notes need no picture, so nobody else tells that they are ready.
    if (!wrote) await gatherDrawn(null, parts);
    if (await writeNext(asked(shift), parts)) {
      wrote = true;
      ringAll(bells.post);
      return "more";
    }
    // What is held back or skipped here may have been the last of its slot.
    if (wrote) bells.slots.ring();
    wrote = false;
    return undefined;
  };
};

/** One email a round: on a stop the one that is on the wire is finished and no further one begun. */
const post = (shift: Shift): Round => {
  const { parts, settings, bells } = shift;
  let sent = false;
  return async (signal) => {
    if (await sendNext({ ...asked(shift), leaseMs: settings.sendLimitMs }, parts, signal)) {
      sent = true;
      return "more";
    }
    if (sent) bells.slots.ring();
    sent = false;
    return undefined;
  };
};
