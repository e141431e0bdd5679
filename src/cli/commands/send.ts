import { type Command, Option } from "commander";
import { draftCorrection, requestCorrection } from "#actions/correct.ts";
import { type Followed, follow, isUnderWay } from "#actions/follow.ts";
import { type Drafted, draftRequest, requestSend, type SendRequest } from "#actions/send.ts";
import { outboxOf } from "#app/mail.ts";
import type { App } from "#app.ts";
import { wholeNumber } from "#cli/numbers.ts";
import { operator, withApp } from "#cli/open.ts";
import { barOf, untilStopped } from "#cli/progress.ts";
import { sendParts } from "#cli/requests.ts";
import type { Cell } from "#cli/table.ts";
import { type Cli, type Common, type ExitCode, verb } from "#cli/verb.ts";
import { counted, envelopeInWords, partsInWords, stateCell } from "#cli/words.ts";
import type { Delivery } from "#model/delivery.ts";
import { Fault } from "#model/fault.ts";
import { filtersInWords } from "#model/filters.ts";

interface SendOptions {
  readonly as?: string;
  readonly deliverTo?: string;
  readonly dryRun?: boolean;
  readonly trial?: boolean;
  readonly wait: number;
  readonly correct?: string;
  readonly reason?: string;
}

/** `send <report>`: sends it now, to everybody or one person. */
export const sendCommand = (cli: Cli): Command =>
  verb({
    usage: "send [report]",
    does: "Send a report now, outside its schedule, and wait until it is sent.",
    examples: [
      "send daily-sales --as anna@example.com --dry-run",
      "send daily-sales --as anna@example.com --deliver-to me@example.com",
      "send daily-sales",
      'send --correct 42 --reason "Thursday\'s rates were missing"',
    ],
    attention: "sent, but something was quarantined, failed or is still under way",
    json: true,
  })
    .option("--as <recipient>", "only this recipient: key or address")
    .option("--deliver-to <address>", "all of it goes there and nowhere else")
    .option("--correct <slot>", "send that slot's emails anew, marked as a correction, to all who got them")
    .option("--reason <words>", "with --correct: why; it stands in the email")
    .option("--dry-run", "only show what would be sent")
    .option("--trial", "into the outbox, whatever the report's mode is")
    .addOption(new Option("--wait <minutes>", "how long to wait for the end").default(30).argParser(wholeNumber))
    .action((report: string | undefined, options: SendOptions, command: Command) =>
      cli.run(command, (common) => {
        const reach = options.dryRun ? ("reports" as const) : ("servers" as const);
        if (options.correct !== undefined) {
          const correcting = { cli, common, options, slot: options.correct, named: report };
          return withApp(cli, { common, reach }, (app) => sendCorrection(app, correcting));
        }
        if (report === undefined) throw noReport();
        const { as = null, deliverTo = null, trial = false } = options;
        const job = { cli, common, options, request: { report, as, deliverTo, trial } };
        return withApp(cli, { common, reach }, (app) => send(app, job));
      }),
    );

interface Job {
  readonly cli: Cli;
  readonly common: Common;
  readonly options: SendOptions;
  readonly request: SendRequest;
}

const send = async (app: App, job: Job): Promise<ExitCode> => {
  const { options, request } = job;
  const drafted = await draftRequest(request, sendParts(app));
  if (options.dryRun) return showDrafts(drafted, job);
  refuseForeign(app, drafted.drafts);
  return sendNow(await requestSend(drafted, sendParts(app)), job, app);
};

/** Waiting for emails that can't leave would end after half an hour, and say nothing of why. */
const refuseForeign = ({ installation }: App, drafts: Drafted["drafts"]): void => {
  const refusal = installation.refusal();
  if (refusal === null || drafts.every(({ trial, skip }) => trial || skip !== null)) return;
  const hint = "if it should send from here from now on: daybreak adopt; into the outbox: --trial";
  throw new Fault("send.foreign", refusal, { hint });
};

const noReport = (): Fault =>
  new Fault("usage", "No report is named.", { hint: "write: daybreak send REPORT, or daybreak send --correct SLOT" });

interface Correcting extends Omit<Job, "request"> {
  readonly slot: string;
  readonly named: string | undefined;
}

const sendCorrection = async (app: App, { slot, named, ...rest }: Correcting): Promise<ExitCode> => {
  const { as, deliverTo, trial, reason = "" } = rest.options;
  if (named !== undefined || as !== undefined || deliverTo !== undefined || trial === true) {
    const hint = "it goes to all who got that slot's emails and to nobody else; leave the other words out";
    throw new Fault("usage", "A correction takes only the slot and the reason.", { hint });
  }
  const ask = { slot, reason, by: operator() };
  const drafted = await draftCorrection(ask, sendParts(app));
  const { report } = drafted.slot;
  const job = { ...rest, request: { report, as: null, deliverTo: null, trial: false } };
  if (drafted.uncertain > 0)
    rest.cli.say.warn(`${counted(drafted.uncertain, "email")} of it may have arrived or not: they get no correction.`);
  if (rest.options.dryRun) return showDrafts(drafted, job);
  refuseForeign(app, drafted.drafts);
  return sendNow(await requestCorrection(drafted, ask, sendParts(app)), job, app);
};

/** Works off one occasion, and tells how it went. */
const sendNow = async (occasion: string, job: Job, app: App): Promise<ExitCode> => {
  const { cli, options } = job;
  const work = app.work({ roles: ["render", "send"], occasion });
  const { signal, done } = untilStopped(cli.terminal);
  try {
    const onProgress = (deliveries: readonly Delivery[]): void => cli.terminal.status(progressOf(deliveries));
    const limits = { signal, limitMs: options.wait * 60_000, onProgress, ring: work.ring };
    const followed = await follow(occasion, { pool: app.pool, clock: app.clock, ...limits });
    done();
    return showOutcomes(followed, job, app);
  } finally {
    done();
    await work.stop();
  }
};

const progressOf = (deliveries: readonly Delivery[]): string => {
  const over = deliveries.filter((one) => !isUnderWay(one)).length;
  const states = Map.groupBy(deliveries.filter(isUnderWay), (one) => one.state);
  const rest = [...states].map(([state, those]) => `${those.length} ${state}`).join(", ");
  return `${barOf(over, deliveries.length)} ${rest}`;
};

const showDrafts = ({ known, drafts }: Pick<Drafted, "known" | "drafts">, { cli, common }: Job): ExitCode => {
  const { say } = cli;
  if (common.json) {
    say.json(drafts);
    return 0;
  }
  const rows = drafts.map((draft): readonly Cell[] => [
    draft.recipientName,
    draft.skip === null ? envelopeInWords(draft.envelope) : { text: "skipped", tone: "warn" },
    filtersInWords(draft.filters, "everything"),
    draft.formats.join(" "),
    draft.skip ?? partsInWords(draft.parts),
  ]);
  say.table(["recipient", "address", "filters", "formats", "shows"], rows);
  const owed = drafts.filter((draft) => draft.skip === null);
  say.line();
  say.line(`${counted(owed.length, "email")} of “${known.report.name}” would be sent; nothing was.`);
  return 0;
};

const showOutcomes = ({ deliveries, isOver }: Followed, { cli, common, request }: Job, app: App): ExitCode => {
  const { say } = cli;
  if (common.json) say.json(deliveries);
  else {
    const rows = deliveries.map((one): readonly Cell[] => [
      one.id,
      one.recipientName,
      one.envelope.to,
      stateCell(one.state),
      one.reason ?? "",
    ]);
    say.table(["delivery", "recipient", "address", "outcome", "reason"], rows);
    say.line();
    say.line(summaryOf(deliveries));
    tellTrial(deliveries, { cli, request, app });
    if (!isOver) say.warn("Some are still under way; a running daemon finishes them: daybreak start");
  }
  const needsPerson = deliveries.some(
    ({ state }) => state === "quarantined" || state === "failed" || state === "uncertain" || state === "expired",
  );
  return needsPerson || !isOver ? 3 : 0;
};

const summaryOf = (deliveries: readonly Delivery[]): string =>
  [...Map.groupBy(deliveries, (one) => one.state)].map(([state, those]) => `${those.length} ${state}`).join(", ");

const tellTrial = (
  deliveries: readonly Delivery[],
  { cli, request, app }: Pick<Job, "cli" | "request"> & { readonly app: App },
): void => {
  if (!deliveries.some((one) => one.trial)) return;
  const why = request.trial ? "As asked" : `“${request.report}” is in trial, so`;
  cli.say.line(
    `${why} its mail lies in ${outboxOf(app.config)}${request.trial ? "." : `. Send it to its audience with: daybreak live ${request.report}`}`,
  );
};
