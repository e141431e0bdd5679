/** The loops of a running Daybreak: take over, watch, tick, lists, slots, sweep, draw, write, post. Rows say what is owed; a bell only shortens a wait. */
import { schedule as everyMinute } from "node-cron";
import type { Painter } from "#render/painter.ts";
import {
  type Bells,
  draw,
  lists,
  lookAround,
  moveSlots,
  post,
  type Role,
  type Round,
  type RoundParts,
  type RoundSettings,
  type Shift,
  sweep,
  takeOver,
  tick,
  write,
} from "#rounds.ts";
import { type Loop, startLoop } from "#runtime/loop.ts";
import { type HearWakeUps, startListening, type WakeWord } from "#runtime/queue.ts";
import { openWake, ringAll, type Wake } from "#runtime/wake.ts";
import { giveBackRenders } from "#store/renders.ts";
import { leaveWorker } from "#store/workers.ts";

export type { Role } from "#rounds.ts";

/** The parts of all loops, with the settings that bound them. */
export interface WorkParts extends RoundParts {
  readonly openPainter: () => Painter;
  /** The line on which rows ring, from whatever process they come. */
  readonly hearWakeUps: HearWakeUps;
}

/** How this process works. */
export interface WorkSettings extends RoundSettings {
  readonly sweepEveryMs: number;
  readonly painters: number;
  readonly senders: number;
  /** How long a send may go on after the process was told to stop. */
  readonly stopTimeoutMs: number;
  /** A loop that shows no progress for so long beyond its own waits stands still. */
  readonly longestRoundMs: number;
}

/** A process at work. */
export interface Work {
  readonly loops: readonly Loop[];
  /** Something new may be owed. */
  ring(): void;
  /** Takes nothing new, finishes sends, gives renders back. */
  stop(): Promise<void>;
}

/** Dead workers are looked for this often, so that their work goes on soon after its lease. A round asks the database and nobody else. */
const atTheDatabase = { everyMs: 5_000, longestMs: 60_000 };

/** Emails that a process writes at a time: while one waits for the database and another for its picture to be packed, the third is worked on. */
const writers = 3;

/** How often every process looks around for what people must know. */
const watchEveryMs = 15_000;

/** Starts the loops of this process's roles. */
export const startWork = (parts: WorkParts, settings: WorkSettings): Work => {
  const bells: Bells = { tick: openWake(), slots: openWake(), draw: [], write: [], post: [] };
  const shift: Crew = { parts, settings, bells };
  const has = (role: Role) => settings.roles.includes(role);
  const painters = has("render") ? Array.from({ length: settings.painters }, parts.openPainter) : [];
  const loops = [
    startRound(shift, { name: "take-over", wake: openWake(), work: takeOver(shift), ...atTheDatabase }),
    ...(settings.occasion === null
      ? [startRound(shift, { name: "watch", wake: openWake(), work: lookAround(shift), everyMs: watchEveryMs })]
      : []),
    ...(has("tick") ? startPlanning(shift) : []),
    ...(has("tick") || has("send") ? [startRound(shift, { name: "sweep", wake: openWake(), work: sweep(shift) })] : []),
    ...painters.map((painter, n) =>
      startRound(shift, { name: `draw-${n}`, wake: added(bells.draw), work: draw(shift, painter) }),
    ),
    ...(has("write") || has("send")
      ? Array.from({ length: writers }, (_, n) =>
          startRound(shift, { name: `write-${n}`, wake: added(bells.write), work: write(shift, n) }),
        )
      : []),
    ...(has("send") ? Array.from({ length: settings.senders }, (_, n) => startPosting(shift, n)) : []),
  ];
  const listening = startListening({
    hear: parts.hearWakeUps,
    ring: (word) => ringAll(belled(bells, word)),
    onFault: (error, inARow) => parts.log.warn("wake-ups.away", { error, inARow }),
  });
  // A minute that was missed loses nothing, since the tick looks back; the library would warn about it in words of its own.
  const timer =
    has("tick") && settings.occasion === null
      ? everyMinute("* * * * *", bells.tick.ring, { suppressMissedWarning: true })
      : null;
  const stop = async (): Promise<void> => {
    await timer?.stop();
    await listening.stop();
    await Promise.all(loops.map((loop) => loop.stop()));
    await Promise.all(painters.map((painter) => painter.close()));
    await giveBackRenders(parts.pool, settings.owner).catch(() => 0);
    await leaveWorker(parts.pool, settings.owner).catch(() => {});
  };
  return { loops, ring: () => ringAll([bells.slots, ...bells.draw, ...bells.write, ...bells.post]), stop };
};

const belled = (bells: Bells, word: WakeWord): readonly Wake[] => {
  const bell = bells[word];
  return Array.isArray(bell) ? bell : [bell];
};

/** A shift with what only its start needs. */
interface Crew extends Shift {
  readonly settings: WorkSettings;
}

const added = (bells: Wake[]): Wake => {
  const wake = openWake();
  bells.push(wake);
  return wake;
};

interface RoundStart {
  readonly name: string;
  readonly wake: Wake;
  readonly work: Round;
  readonly everyMs?: number;
  /** The longest that a round may take, where that is less than drawing may. */
  readonly longestMs?: number;
}

const startRound = ({ parts, settings }: Crew, { name, wake, work, everyMs, longestMs }: RoundStart): Loop =>
  startLoop({
    name,
    everyMs: Math.min(everyMs ?? settings.sweepEveryMs, settings.sweepEveryMs),
    longestRoundMs: longestMs ?? settings.longestRoundMs,
    wake,
    work,
    clock: parts.clock,
    // A render is given back; a send is finished.
    finishWithinMs: name.startsWith("draw") ? 0 : settings.stopTimeoutMs,
    onFault: (error, inARow) => parts.log.error("loop.fault", { loop: name, error, inARow }),
  });

const startPlanning = (shift: Crew): readonly Loop[] => [
  startRound(shift, { name: "tick", wake: shift.bells.tick, work: tick(shift) }),
  startRound(shift, { name: "lists", wake: openWake(), work: lists(shift) }),
  startRound(shift, { name: "slots", wake: shift.bells.slots, work: moveSlots(shift) }),
];

const startPosting = (shift: Crew, n: number): Loop =>
  startRound(shift, { name: `post-${n}`, wake: added(shift.bells.post), work: post(shift) });
