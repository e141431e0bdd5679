import { type Command, Option } from "commander";
import { type Asked, deliveryStates, discard, release, retryDelivery } from "#actions/deliveries.ts";
import { listed } from "#actions/listed.ts";
import { type Verdict as Found, resolveDelivery } from "#actions/resolve.ts";
import { traceOf } from "#actions/trace.ts";
import { deliveriesExportCommand } from "#cli/commands/deliveries/export.ts";
import { wholeNumber } from "#cli/numbers.ts";
import { operator, withApp } from "#cli/open.ts";
import type { Cell } from "#cli/table.ts";
import { tellTrace } from "#cli/trace.ts";
import { type Cli, verb } from "#cli/verb.ts";
import { stateCell, timeInWords } from "#cli/words.ts";
import type { Delivery } from "#model/delivery.ts";
import { Fault } from "#model/fault.ts";
import { filtersInWords } from "#model/filters.ts";

/** `deliveries list|show|export|retry|resolve|release|discard`. */
export const deliveriesCommand = (cli: Cli): Command =>
  verb({
    usage: "deliveries",
    does: "Look at what was sent, held back or lost, and decide about it.",
    examples: [
      "deliveries list --state quarantined",
      "deliveries show 42",
      'deliveries release 42 --reason "seen by hand"',
    ],
  })
    .addCommand(listCommand(cli))
    .addCommand(showCommand(cli))
    .addCommand(deliveriesExportCommand(cli))
    .addCommand(retryCommand(cli))
    .addCommand(resolveCommand(cli))
    .addCommand(releaseCommand(cli))
    .addCommand(discardCommand(cli));

interface ListOptions {
  readonly report?: string;
  readonly state?: string;
  readonly slot?: string;
  readonly limit: number;
}

const listCommand = (cli: Cli): Command =>
  verb({
    usage: "list",
    does: "List deliveries, newest first.",
    examples: ["deliveries list", "deliveries list --report daily-sales --state failed"],
    json: true,
  })
    .option("--report <name>", "only of this report")
    .addOption(new Option("--state <state>", "only in this state").choices([...deliveryStates]))
    .option("--slot <id>", "only of this slot")
    .option("--limit <count>", "at most so many", wholeNumber, 50)
    .action((options: ListOptions, command: Command) =>
      cli.run(command, (common) =>
        withApp(cli, { common, reach: "rows" }, async ({ pool }) => {
          const { report = null, state = null, slot = null, limit } = options;
          const deliveries = await listed({ report, state, slotId: slot, limit }, pool);
          if (common.json) cli.say.json(deliveries);
          else if (deliveries.length === 0) cli.say.line("There are none.");
          else
            cli.say.table(["id", "when", "report", "recipient", "filters", "state", "reason"], deliveries.map(rowOf));
          return 0;
        }),
      ),
    );

const rowOf = (one: Delivery): readonly Cell[] => [
  one.id,
  timeInWords(one.nominal, one.zone),
  one.trial ? `${one.report} (trial)` : one.report,
  one.recipientName,
  filtersInWords(one.filters, "everything"),
  stateCell(one.state),
  one.reason ?? "",
];

const showCommand = (cli: Cli): Command =>
  verb({
    usage: "show <id>",
    does: "Tell why somebody did or did not get an email: everything that is recorded about it.",
    examples: ["deliveries show 42"],
    json: true,
  }).action((id: string, _: unknown, command: Command) =>
    cli.run(command, (common) =>
      withApp(cli, { common, reach: "rows" }, async ({ pool }) => {
        const trace = await traceOf(id, pool);
        if (common.json) cli.say.json(trace);
        else tellTrace(trace, cli.say);
        return 0;
      }),
    ),
  );

const retryCommand = (cli: Cli): Command =>
  verb({
    usage: "retry <id>",
    does: "Try a delivery again that failed, expired, is uncertain or quarantined.",
    examples: ["deliveries retry 42", "deliveries retry 42 --late"],
  })
    .option("--late", "although it has expired")
    .action((id: string, { late = false }: { readonly late?: boolean }, command: Command) =>
      cli.run(command, (common) =>
        withApp(cli, { common, reach: "rows" }, async (app) => {
          const { delivery, from } = await retryDelivery({ id, by: operator(), late }, app);
          cli.say.good(
            `Delivery ${id} to ${delivery.envelope.to} begins again from ${from}; a running daemon does it.`,
          );
          return 0;
        }),
      ),
    );

interface ResolveOptions {
  readonly sent?: boolean;
  readonly resend?: boolean;
  readonly failed?: boolean;
  readonly late?: boolean;
  readonly reason: string;
}

const resolved: Readonly<Record<Found, (delivery: Delivery) => string>> = {
  sent: ({ id, envelope }) => `Delivery ${id} counts as sent to ${envelope.to}.`,
  resend: ({ id, envelope }) =>
    `Delivery ${id} goes out to ${envelope.to} again; if it had arrived, it arrives twice. A running daemon sends it.`,
  failed: ({ id, envelope }) => `Delivery ${id} to ${envelope.to} counts as failed and isn't sent again.`,
};

const resolveCommand = (cli: Cli): Command =>
  verb({
    usage: "resolve <id>",
    does: "Say what became of an uncertain delivery: it arrived, it is sent again, or it is given up.",
    examples: [
      'deliveries resolve 42 --sent --reason "Anna has it"',
      'deliveries resolve 42 --resend --reason "not in her mailbox"',
    ],
  })
    .option("--sent", "it arrived")
    .option("--resend", "it did not arrive: send it again")
    .option("--failed", "give it up")
    .option("--late", "with --resend: although it has expired")
    .requiredOption("--reason <words>", "how you know; it is kept with the delivery")
    .action((id: string, options: ResolveOptions, command: Command) =>
      cli.run(command, (common) =>
        withApp(cli, { common, reach: "rows" }, async (app) => {
          const verdict = verdictOf(options);
          const { reason, late = false } = options;
          cli.say.good(resolved[verdict](await resolveDelivery({ id, reason, verdict, late, by: operator() }, app)));
          return 0;
        }),
      ),
    );

const verdictOf = (options: ResolveOptions): Found => {
  const given = (["sent", "resend", "failed"] as const).filter((one) => options[one] === true);
  const [verdict, ...others] = given;
  if (verdict !== undefined && others.length === 0) return verdict;
  throw new Fault("usage", "Say one of --sent, --resend and --failed.", {
    hint: "look into the mailbox or the mail server's log first",
  });
};

interface Verdict {
  readonly usage: string;
  readonly does: string;
  readonly example: string;
  readonly done: (delivery: Delivery) => string;
  readonly act: (asked: Asked & { readonly reason: string }, parts: Parameters<typeof discard>[1]) => Promise<Delivery>;
}

/** Release and discard differ in what they do and say, not in how they are asked for. */
const verdictCommand = (cli: Cli, { usage, does, example, done, act }: Verdict): Command =>
  verb({ usage, does, examples: [example] })
    .requiredOption("--reason <words>", "why; it is kept with the delivery")
    .action((id: string, { reason }: { reason: string }, command: Command) =>
      cli.run(command, (common) =>
        withApp(cli, { common, reach: "rows" }, async (app) => {
          cli.say.good(done(await act({ id, reason, by: operator() }, app)));
          return 0;
        }),
      ),
    );

const releaseCommand = (cli: Cli): Command =>
  verdictCommand(cli, {
    usage: "release <id>",
    does: "Let a quarantined delivery go out although the proof refused it.",
    example: 'deliveries release 42 --reason "compared by hand with the dashboard"',
    done: ({ id, envelope }) => `Delivery ${id} goes out to ${envelope.to}; a running daemon sends it.`,
    act: release,
  });

const discardCommand = (cli: Cli): Command =>
  verdictCommand(cli, {
    usage: "discard <id>",
    does: "End a delivery that is quarantined or on its way: nobody gets it.",
    example: 'deliveries discard 42 --reason "wrong figures, sent by hand"',
    done: ({ id, envelope }) => `Delivery ${id} is discarded; ${envelope.to} doesn't get it.`,
    act: discard,
  });
