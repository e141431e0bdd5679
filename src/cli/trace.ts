/** A delivery's way in plain words: why somebody did or did not get an email. */
import { stateInWords } from "#actions/deliveries.ts";
import type { Trace, TracedRender } from "#actions/trace.ts";
import type { Say } from "#cli/say.ts";
import type { Tone } from "#cli/table.ts";
import { envelopeInWords, partsInWords, sizeInWords, timeInWords } from "#cli/words.ts";
import { filtersInWords } from "#model/filters.ts";
import type { Verdict } from "#model/proof.ts";

/** Tells everything that is recorded about a delivery, in the order in which it happened. */
export const tellTrace = (trace: Trace, say: Say): void => {
  const { delivery } = trace;
  say.heading(`Delivery ${delivery.id}: “${delivery.report}” to ${delivery.recipientName}`);
  say.line(`It ${stateInWords(delivery.state)}${delivery.reason === null ? "." : `: ${delivery.reason}`}`);
  say.line();
  tellPlanned(trace, say);
  for (const [at, render] of trace.renders.entries()) tellRender(render, at + 1, say);
  tellProofs(trace, say);
  tellMessage(trace, say);
  tellAttempts(trace, say);
  tellEvents(trace, say);
  const next = nextStep(trace);
  if (next !== null) {
    say.line();
    say.line(`→ ${next}`);
  }
};

const step = (say: Say, name: string, words: string): void => say.line(`${say.paint("bold", name.padEnd(9))} ${words}`);

const more = (say: Say, words: string, tone: Tone = "dim"): void =>
  say.line(`${" ".repeat(10)}${say.paint(tone, words)}`);

const tellPlanned = ({ delivery, slot }: Trace, say: Say): void => {
  const { zone, nominal } = delivery;
  const asked = delivery.occasion.startsWith("preview:") ? "a preview was asked for" : "an operator asked for it";
  step(
    say,
    "planned",
    slot === null
      ? `${timeInWords(nominal, zone)} ${zone}: ${asked}`
      : `for ${timeInWords(slot.nominal, slot.zone)} ${slot.zone} (${slot.schedule}), slot ${slot.id}`,
  );
  more(say, `to ${envelopeInWords(delivery.envelope)}${delivery.trial ? ", in trial: into the outbox" : ""}`);
  more(
    say,
    `${filtersInWords(delivery.filters, "everything")}; ${partsInWords(delivery.parts)}; as ${delivery.formats.join(", ")}`,
  );
  if (slot?.reason) more(say, `the slot ${slot.state}: ${slot.reason}`);
  more(say, `expires ${timeInWords(delivery.expiresAt, zone)}`);
};

const renderTones: Readonly<Record<TracedRender["row"]["state"], Tone>> = {
  wanted: "dim",
  drawing: "dim",
  ready: "good",
  faulted: "bad",
};

const tellRender = ({ row, artifacts }: TracedRender, at: number, say: Say): void => {
  const { view, filters } = row.request;
  const took = row.evidence === null ? "" : ` in ${(row.evidence.drawnMs / 1000).toFixed(1)} s`;
  step(
    say,
    at === 1 ? "drawn" : "",
    `${view.path} (${filtersInWords(filters, "everything")}): ${say.paint(renderTones[row.state], row.state)}${took}`,
  );
  if (row.reason !== null) more(say, row.reason, "bad");
  for (const { format, bytes, sha256, width, height } of artifacts) {
    const size = width === null ? "" : `, ${width} × ${height} px`;
    more(say, `${format} ${sizeInWords(bytes)}${size}, sha-256 ${sha256.slice(0, 12)}…`);
  }
  if (row.evidence !== null && row.evidence.brokenTiles.length > 0)
    more(say, `broken tiles: ${row.evidence.brokenTiles.join(", ")}`, "warn");
};

const verdictTones: Readonly<Record<Verdict, Tone>> = {
  proven: "good",
  empty: "warn",
  unproven: "warn",
  mismatch: "bad",
};

const tellProofs = ({ proofs }: Trace, say: Say): void => {
  for (const [at, { part, format, verdict, evidence }] of proofs.entries()) {
    const which = part === 0 ? format : `${format} of part ${part + 1}`;
    step(say, at === 0 ? "proof" : "", `${which}: ${say.paint(verdictTones[verdict], verdict)}`);
    for (const sentence of evidence) more(say, sentence);
  }
};

const tellMessage = ({ message }: Trace, say: Say): void => {
  if (message === null) return;
  step(say, "written", `“${message.subject}”, ${sizeInWords(message.size)}`);
  more(say, `from ${message.from} to ${message.recipients.join(", ")}, ${message.messageId}`);
};

const outcomeTones: Readonly<Record<string, Tone>> = { sent: "good", temporary: "warn", away: "warn" };

const tellAttempts = ({ attempts, delivery }: Trace, say: Say): void => {
  for (const { n, outcome, words } of attempts) {
    const result = outcome ?? "under way";
    step(
      say,
      n === 1 ? "sent" : "",
      `try ${n}: ${say.paint(outcomeTones[result] ?? (outcome === null ? "dim" : "bad"), result)}`,
    );
    if (words !== null) more(say, words);
  }
  if (delivery.notBefore !== null && delivery.state === "composed")
    more(say, `tried again at ${timeInWords(delivery.notBefore, delivery.zone)}`);
};

const eventTones: Readonly<Record<Trace["events"][number]["kind"], Tone>> = {
  taken: "good",
  delivered: "good",
  deferred: "warn",
  refused: "warn",
  bounced: "bad",
  dropped: "bad",
  complained: "bad",
  unsubscribed: "warn",
};

/** What the mail service or a bounce said about it afterwards. */
const tellEvents = ({ events, delivery }: Trace, say: Say): void => {
  for (const [at, { kind, email, words, at: when }] of events.entries()) {
    const said = words === "" ? "" : `: ${words}`;
    const line = `${timeInWords(when, delivery.zone)} ${say.paint(eventTones[kind], kind)} ${email}${said}`;
    step(say, at === 0 ? "told" : "", line);
  }
};

/** What an operator can do now; `null` when nothing need be done. */
const nextStep = ({ delivery: { id, state } }: Trace): string | null => {
  switch (state) {
    case "quarantined":
      return `let it go or end it: daybreak deliveries release ${id} --reason "…" · daybreak deliveries discard ${id} --reason "…"`;
    case "expired":
      return `if it is still of use: daybreak deliveries retry ${id} --late`;
    case "failed":
      return `try it again: daybreak deliveries retry ${id}`;
    case "uncertain":
      return `ask the reader or the mail server; then: daybreak deliveries resolve ${id} --sent · --resend · --failed, with --reason "…"`;
    case "planned":
    case "drawn":
    case "proven":
    case "composed":
      return "it goes on by itself while a daemon runs: daybreak start";
    case "sending":
    case "sent":
    case "skipped":
    case "superseded":
    case "discarded":
      return null;
  }
};
