/** Which troubles the rows show: what is open follows from them alone, so that a crash or a second watcher loses and doubles nothing. */
import type { Trouble } from "#model/alert.ts";
import type { SlotState } from "#model/delivery.ts";
import { before, later, msBetween, type Temporal } from "#model/time.ts";

/** What was found in the rows. */
export interface TroubleFacts {
  readonly now: Temporal.Instant;
  readonly lateAfterMs: number;
  readonly deliveries: readonly {
    readonly slotId: string | null;
    readonly occasion: string;
    readonly report: string;
    readonly state: "failed" | "expired" | "uncertain";
    readonly count: number;
    readonly reason: string;
    readonly first: Temporal.Instant | null;
    readonly isClosed: boolean;
    readonly isPast: boolean;
  }[];
  readonly slots: readonly WatchedSlot[];
  readonly servers: readonly { readonly name: string; readonly waiting: number; readonly reason: string }[];
  readonly mail: {
    readonly failed: number;
    readonly last: Temporal.Instant | null;
    readonly words: string;
    readonly waiting: number;
  };
  /** Times that are over and that nobody has made a slot of. */
  readonly missed: readonly Missed[];
}

interface WatchedSlot {
  readonly id: string;
  readonly report: string;
  readonly zone: string;
  readonly nominal: Temporal.Instant;
  readonly due: Temporal.Instant;
  readonly state: SlotState;
  readonly reason: string | null;
  readonly isStopped: boolean;
  readonly isFirstWave: boolean;
  readonly underWay: number;
  readonly isPast: boolean;
}

/** A time of a report that should have been seen to by now. */
export interface Missed {
  readonly report: string;
  readonly zone: string;
  readonly due: Temporal.Instant;
}

/** The keys that this plan opens, and therefore closes when they aren't wanted any more. */
export const watchedKeys = ["failed:", "uncertain:", "late:", "paused:", "skipped:", "drawing:", "missed:", "mail"];

/** Every trouble that should be open now. */
export const planTroubles = (facts: TroubleFacts): readonly Trouble[] => [
  ...lostTroubles(facts),
  ...facts.slots.flatMap((slot) => slotTrouble(slot, facts)),
  ...facts.servers.map(serverTrouble),
  ...mailTroubles(facts),
  ...missedTroubles(facts.missed),
];

/** So long more may fail with the first one, and be told with it. */
const gatherMs = 2 * 60_000;

const lostTroubles = ({ deliveries, now }: TroubleFacts): readonly Trouble[] => {
  const open = deliveries.filter(({ state, isPast }) => state === "uncertain" || !isPast);
  const places = Map.groupBy(open, ({ slotId, occasion, state }) => placeOf(slotId, occasion, state));
  return [...places].flatMap(([key, group]) => {
    const isNews = group.some(({ isClosed, first }) => isClosed || first === null || msBetween(first, now) >= gatherMs);
    return isNews ? [lostTrouble(key, group)] : [];
  });
};

const placeOf = (slotId: string | null, occasion: string, state: string): string =>
  `${state === "uncertain" ? "uncertain" : "failed"}:${slotId ?? occasion.replace(/^request:/, "")}`;

const lostTrouble = (key: string, group: TroubleFacts["deliveries"]): Trouble => {
  const [first] = group;
  const count = group.reduce((sum, one) => sum + one.count, 0);
  const report = first?.report ?? "";
  const list = first?.slotId == null ? "daybreak deliveries list" : `daybreak deliveries list --slot ${first.slotId}`;
  const reasons = [...new Set(group.map(({ reason }) => reason))].map((reason) => `Because: ${reason}`);
  if (key.startsWith("uncertain:")) {
    const subject = `${report}: of ${emails(count)} nobody knows whether ${count === 1 ? "it was" : "they were"} sent`;
    const toDo = "Ask whether it arrived, then: daybreak deliveries resolve ID --sent, or --resend.";
    return { key, severity: "critical", subject, lines: [...reasons, `See them: ${list} --state uncertain`, toDo] };
  }
  const states = group.map((one) => `${one.count} ${one.state}`).join(", ");
  const lines = [...reasons, `See them: ${list}`, "Mend the cause, then: daybreak deliveries retry ID."];
  return { key, severity: "critical", subject: `${report}: ${emails(count)} did not go out (${states})`, lines };
};

const emails = (count: number): string => (count === 1 ? "one email" : `${count} emails`);

const slotTrouble = (slot: WatchedSlot, facts: TroubleFacts): readonly Trouble[] => {
  const { id, report, state } = slot;
  if (state === "skipped") return isLost(slot) ? [skippedTrouble(slot)] : [];
  // Somebody has stopped it, or holds its first wave: that person knows.
  if (slot.isStopped || slot.isFirstWave) return [];
  if (state === "paused") {
    const lines = [
      `${capital(slot.reason ?? "its audience changed")}.`,
      `Nobody gets it before somebody decides: daybreak slots release ${id} --reason "…", or daybreak slots skip ${id} --reason "…".`,
    ];
    return [{ key: `paused:${id}`, severity: "critical", subject: `${report} is paused and waits for you`, lines }];
  }
  return before(later(slot.due, facts.lateAfterMs), facts.now) ? [lateTrouble(slot, facts)] : [];
};

const lateTrouble = (slot: WatchedSlot, { now, lateAfterMs }: TroubleFacts): Trouble => {
  const { id, report, due } = slot;
  const minutes = Math.round(msBetween(due, now) / 60_000);
  const lines = [
    `It was due ${timeIn(slot)}, ${minutes} minutes ago; it is told as late after ${Math.round(lateAfterMs / 60_000)}.`,
    whereItStands(slot),
    `See it: daybreak deliveries list --slot ${id}`,
  ];
  return { key: `late:${id}`, severity: "critical", subject: `${report} is late`, lines };
};

const whereItStands = ({ state, underWay }: WatchedSlot): string => {
  switch (state) {
    case "due":
      return "Nobody has begun with it: is there a daemon with the role tick at work?";
    case "waiting":
      return "It waits for its data.";
    case "ready":
      return "Its data is ready, but its people could not be read or written down yet.";
    default:
      return `${underWay === 1 ? "One email is" : `${underWay} emails are`} still under way.`;
  }
};

/** A skip that nobody has wished for: it was missed, or something of it could not be had in time. */
const lostSkip = /^(missed:|\d+ occurrences |it (was not ready|could be planned only|expired)|its people could not)/i;

const isLost = ({ reason, isPast }: WatchedSlot): boolean => !isPast && lostSkip.test(reason ?? "");

const skippedTrouble = (slot: WatchedSlot): Trouble => ({
  key: `skipped:${slot.id}`,
  severity: "critical",
  subject: `${slot.report}: the one of ${timeIn(slot)} was not sent to anybody`,
  lines: [`${capital(slot.reason ?? "")}.`.replace(/\.+$/, "."), `Send it by hand: daybreak send ${slot.report}`],
});

const serverTrouble = ({ name, waiting, reason }: TroubleFacts["servers"][number]): Trouble => ({
  key: `drawing:${name}`,
  severity: "critical",
  subject: `nothing can be drawn on the report server “${name}”`,
  lines: [
    `${waiting === 1 ? "One picture waits" : `${waiting} pictures wait`}. The last words: ${reason}`,
    "Look at the server: daybreak doctor. It is tried again by itself.",
  ],
});

/** Fewer failures than these may be a mailbox or two. */
const leastFailures = 3;
const freshMs = 60 * 60_000;

const mailTroubles = ({ mail, now }: TroubleFacts): readonly Trouble[] => {
  const { failed, last, words, waiting } = mail;
  const isFresh = last !== null && msBetween(last, now) < freshMs;
  if (failed < leastFailures || !(isFresh || waiting > 0)) return [];
  const lines = [
    `The last ${failed} tries failed and none succeeded since. The last words: ${words}`,
    `${waiting === 1 ? "One email waits" : `${waiting} emails wait`} and is tried again until it expires. Look at the mail server: daybreak doctor.`,
  ];
  return [{ key: "mail", severity: "critical", subject: "emails can't be handed over", lines }];
};

const missedTroubles = (missed: readonly Missed[]): readonly Trouble[] =>
  [...Map.groupBy(missed, ({ report }) => report)].map(([report, times]) => ({
    key: `missed:${report}`,
    severity: "critical",
    subject: `${report} was due and nobody has seen to it`,
    lines: [
      `It was due ${times.map(timeIn).join(", ")}.`,
      "No daemon with the role tick seems to be at work: daybreak start, or look at its log.",
    ],
  }));

const timeIn = ({ due, zone }: Pick<Missed, "due" | "zone">): string => {
  const local = due.toZonedDateTimeISO(zone).toPlainDateTime().toString({ smallestUnit: "minute" });
  return `${local.replace("T", " ")} (${zone})`;
};

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
