/** The loops of a running Daybreak: tick, slots, sweep, draw, write, post. Rows say what is owed; a bell only shortens a wait. */
import { schedule as everyMinute } from "node-cron";
import { type DeliverParts, gatherDrawn, sendNext, writeNext } from "#deliver.ts";
import type { Slot } from "#model/delivery.ts";
import { type DrawParts, drawNext } from "#render/run.ts";
import type { Painter } from "#render/painter.ts";
import { type Loop, startLoop } from "#runtime/loop.ts";
import { openWake, type Wake } from "#runtime/wake.ts";
import { settleOrphans } from "#send/run.ts";
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
  const bells = { slots: openWake(), draw: [] as Wake[], write: openWake(), post: [] as Wake[] };
  const painters: Painter[] = [];
  const start = starter(parts, settings);
  const has = (role: Role) => settings.roles.includes(role);
  const ringAll = (wakes: readonly Wake[]) => {
    for (const wake of wakes) wake.ring();
  };
  const loops: Loop[] = [];
  if (has("tick")) {
    loops.push(start("slots", bells.slots, (signal) => moveSlots(parts, signal, () => ringAll(bells.draw))));
    loops.push(start("sweep", openWake(), () => sweep(parts, settings)));
  }
  if (has("render")) {
    for (let n = 0; n < settings.painters; n += 1) {
      const wake = openWake();
      const painter = parts.openPainter();
      bells.draw.push(wake);
      painters.push(painter);
      loops.push(start(`draw-${n}`, wake, (signal) => draw({ parts, settings, painter }, signal, bells.write.ring)));
    }
  }
  if (has("send") || has("write")) {
    loops.push(start("write", bells.write, (signal) => write(parts, settings, () => ringAll(bells.post), signal)));
  }
  if (has("send")) {
    for (let n = 0; n < settings.senders; n += 1) {
      const wake = openWake();
      bells.post.push(wake);
      loops.push(start(`post-${n}`, wake, (signal) => post(parts, settings, signal, bells.slots.ring)));
    }
  }
  const timer = has("tick") && settings.occasion === null ? everyMinute("* * * * *", bells.slots.ring) : null;
  const ring = () => ringAll([bells.slots, ...bells.draw, bells.write, ...bells.post]);
  const stop = async (): Promise<void> => {
    await timer?.stop();
    await Promise.all(loops.map((loop) => loop.stop()));
    await Promise.all(painters.map((painter) => painter.close()));
    await giveBackRenders(parts.pool, settings.owner).catch(() => 0);
  };
  return { loops, ring, stop };
};

type Round = (signal: AbortSignal) => Promise<"more" | undefined>;

const starter =
  (parts: WorkParts, settings: WorkSettings) =>
  (name: string, wake: Wake, work: Round): Loop =>
    startLoop({
      name,
      everyMs: settings.sweepEveryMs,
      wake,
      work,
      clock: parts.clock,
      finishWithinMs: name.startsWith("draw") ? 0 : 20_000,
      onFault: (error, inARow) => parts.log.error("loop.fault", { loop: name, error, inARow }),
    });

/** One slot's fault stops only that slot; it is tried again at the next round. */
const moveSlots = async (parts: WorkParts, signal: AbortSignal, ring: () => void): Promise<"more" | undefined> => {
  await parts.tick();
  let moved = 0;
  const guard = async (slot: Slot, step: () => Promise<unknown>) => {
    try {
      if ((await step()) === true) moved += 1;
    } catch (error) {
      parts.log.error("slot.fault", { slot: slot.id, report: slot.report, error });
    }
  };
  for (const slot of await openSlots(parts.pool, parts.clock.now()))
    await guard(slot, () => advanceSlot(slot, parts, signal));
  for (const slot of await untoldSlots(parts.pool)) await guard(slot, () => parts.tellOwner(slot, signal));
  if (moved > 0) ring();
  return moved > 0 ? "more" : undefined;
};

const sweep = async (parts: WorkParts, settings: WorkSettings): Promise<undefined> => {
  await reapRenders(parts.pool, settings.renderAttempts);
  await gatherDrawn(null, parts);
  await settleOrphans(settings.sendLimitMs, parts);
  const expired = await expireDeliveries(parts.pool, parts.clock.now(), "it was not sent before it expired");
  for (const id of expired) parts.log.warn("delivery.expired", { delivery: id });
};

const asked = (parts: WorkParts, settings: WorkSettings) => ({
  owner: settings.owner,
  leaseMs: settings.leaseMs,
  occasion: settings.occasion,
  now: parts.clock.now(),
});

interface DrawRound {
  readonly parts: WorkParts;
  readonly settings: WorkSettings;
  readonly painter: Painter;
}

const draw = async (
  { parts, settings, painter }: DrawRound,
  signal: AbortSignal,
  ring: () => void,
): Promise<"more" | undefined> => {
  const renderId = await drawNext(
    { ...asked(parts, settings), attempts: settings.renderAttempts },
    { parts, painter, signal },
  );
  if (renderId === null) return undefined;
  await gatherDrawn(renderId, parts);
  ring();
  return "more";
};

const write = async (
  parts: WorkParts,
  settings: WorkSettings,
  ring: () => void,
  signal: AbortSignal,
): Promise<"more" | undefined> => {
  // Late notes need no picture, so nobody else tells that they are ready.
  await gatherDrawn(null, parts);
  let wrote = false;
  while (!signal.aborted && (await writeNext(asked(parts, settings), parts))) {
    wrote = true;
    ring();
  }
  return wrote ? "more" : undefined;
};

const post = async (
  parts: WorkParts,
  settings: WorkSettings,
  signal: AbortSignal,
  ring: () => void,
): Promise<undefined> => {
  let sent = false;
  const ask = () => ({ ...asked(parts, settings), leaseMs: settings.sendLimitMs });
  while (!signal.aborted && (await sendNext(ask(), parts, signal))) sent = true;
  if (sent) ring();
};
