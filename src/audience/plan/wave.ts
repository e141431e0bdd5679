/** Who gets a report before the others do, and when the others follow. */
import type { DeliveryDraft, Slot } from "#model/delivery.ts";
import type { Recipient } from "#model/people.ts";
import type { FirstWave } from "#model/report.ts";
import { before, later, type Temporal } from "#model/time.ts";

/** What choosing the first wave needs to know. */
export interface WaveFacts {
  readonly firstWave: FirstWave;
  readonly owner: string | null;
  readonly drafts: readonly DeliveryDraft[];
  readonly recipients: readonly Pick<Recipient, "id" | "key" | "email">[];
}

/** The drafts that wait for the first wave. Where none of those who were chosen gets anything this time, one other goes ahead. */
export const restOf = ({ firstWave, owner, drafts, recipients }: WaveFacts): ReadonlySet<DeliveryDraft> => {
  const owed = drafts.filter((draft) => draft.skip === null);
  const named = new Set([...firstWave.to, ...(owner === null ? [] : [owner])].map((one) => one.toLowerCase()));
  const isNamed = ({ key, email }: (typeof recipients)[number]) =>
    named.has(key.toLowerCase()) || named.has(email.toLowerCase());
  const chosen = new Set(recipients.filter(isNamed).map(({ id }) => id));
  const everybody = [...new Set(owed.map(({ recipientId }) => recipientId))];
  const others = everybody.filter((id) => !chosen.has(id));
  const fewest = others.length === everybody.length ? 1 : 0;
  const first = new Set([...chosen, ...others.slice(0, Math.max(fewest, firstWave.size))]);
  return new Set(owed.filter(({ recipientId }) => !first.has(recipientId)));
};

/** How the first wave gets on. */
export interface WaveState {
  readonly firstWave: FirstWave;
  readonly counts: Readonly<Record<string, number>>;
  readonly lastSent: Temporal.Instant | null;
  readonly quarantined: number;
  readonly bounced: number;
  readonly now: Temporal.Instant;
}

/** What becomes of the rest: it waits, it is let go, or somebody must decide. */
export interface WaveDecision {
  readonly do: "wait" | "release" | "hold";
  readonly reason: string;
}

const underWay = ["planned", "drawn", "proven", "composed", "sending"];
const lost = ["failed", "uncertain", "expired", "quarantined", "discarded"];

/** Decides over the rest of a slot: only a first wave that went out whole and with which nothing is wrong lets it go by itself. */
export const judgeWave = ({ firstWave, counts, lastSent, quarantined, bounced, now }: WaveState): WaveDecision => {
  const count = (states: readonly string[]) => states.reduce((sum, state) => sum + (counts[state] ?? 0), 0);
  const waiting = count(underWay);
  if (waiting > 0) return { do: "wait", reason: `${waiting} of the first wave are under way` };
  const wrong = lost.filter((state) => (counts[state] ?? 0) > 0).map((state) => `${counts[state]} ${state}`);
  if (wrong.length > 0) return { do: "hold", reason: `of the first wave ${wrong.join(", ")}` };
  if (quarantined > 0) return { do: "hold", reason: `${quarantined} are quarantined` };
  if (bounced > 0) return { do: "hold", reason: `${bounced} of the first wave came back` };
  if (lastSent === null) return { do: "hold", reason: "nobody of the first wave got it" };
  if (firstWave.restAfterMs === null) return { do: "hold", reason: "the rest goes out when it is released" };
  const from = later(lastSent, firstWave.restAfterMs);
  if (before(now, from)) return { do: "wait", reason: "the first wave is out; the rest follows" };
  return { do: "release", reason: "the first wave is out, and nothing is wrong with it" };
};

/** What an operator is told of a rest that doesn't follow by itself. */
export const heldInWords = (
  { id, report }: Pick<Slot, "id" | "report">,
  { reason }: WaveDecision,
): { readonly subject: string; readonly lines: readonly string[] } => ({
  subject: `${report}: the first wave is out, the rest waits`,
  lines: [
    `Because: ${reason}.`,
    `The others get it when you say so: daybreak slots release ${id} --reason "…"; nobody does after: daybreak stop ${id}.`,
  ],
});
