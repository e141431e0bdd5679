import type { Command } from "commander";
import { pausesOf } from "#actions/servers.ts";
import { listSlots, releaseSlot, skipSlot } from "#actions/slots.ts";
import { resumeSlotCommand } from "#cli/commands/stop.ts";
import { wholeNumber } from "#cli/numbers.ts";
import { operator, withApp } from "#cli/open.ts";
import type { Cell } from "#cli/table.ts";
import { type Cli, verb } from "#cli/verb.ts";
import { timeInWords } from "#cli/words.ts";
import type { Slot } from "#model/delivery.ts";
import type { Temporal } from "#model/time.ts";

/** `slots list|release|skip|resume`. */
export const slotsCommand = (cli: Cli): Command =>
  verb({
    usage: "slots",
    does: "Look at the times that were due, and decide about those that the audience guard has paused.",
    examples: ["slots list --report daily-sales", 'slots release 42 --reason "a new team joined"'],
  })
    .addCommand(listCommand(cli))
    .addCommand(decideCommand(cli, release))
    .addCommand(decideCommand(cli, skip))
    .addCommand(resumeSlotCommand(cli));

const listCommand = (cli: Cli): Command =>
  verb({
    usage: "list",
    does: "List slots, newest first, with what became of their deliveries.",
    examples: ["slots list", "slots list --report daily-sales --limit 5"],
    json: true,
  })
    .option("--report <name>", "only of this report")
    .option("--limit <count>", "at most so many", wholeNumber, 20)
    .action(({ report = null, limit }: { report?: string | null; limit: number }, command: Command) =>
      cli.run(command, (common) =>
        withApp(cli, { common, reach: "rows" }, async ({ pool, clock }) => {
          const found = await listSlots({ report, limit }, pool);
          const pauses = await pausesOf(
            found.map(({ slot }) => slot),
            pool,
            clock.now(),
          );
          const slots = found.map((one) => ({ ...one, waitsFor: pauses.get(one.slot.id) ?? [] }));
          if (common.json) cli.say.json(slots);
          else if (slots.length === 0) cli.say.line("There are none yet.");
          else cli.say.table(["id", "when", "zone", "report", "state", "deliveries", "reason"], slots.map(rowOf));
          return 0;
        }),
      ),
    );

interface ListedSlot {
  readonly slot: Slot;
  readonly counts: Readonly<Record<string, number>>;
  /** Paused report servers. */
  readonly waitsFor: readonly { readonly name: string; readonly until: Temporal.Instant }[];
}

const rowOf = ({ slot, counts, waitsFor }: ListedSlot): readonly Cell[] => [
  slot.id,
  timeInWords(slot.nominal, slot.zone),
  slot.zone,
  slot.report,
  stateOf(slot),
  Object.entries(counts)
    .map(([state, count]) => `${count} ${state}`)
    .join(", "),
  [
    ...waitsFor.map(({ name, until }) => `waits for “${name}”, paused until ${timeInWords(until, slot.zone)}`),
    ...(slot.reason === null ? [] : [slot.reason]),
  ].join("; "),
];

const stateOf = ({ state, isStopped }: Slot): Cell => {
  if (isStopped === true) return { text: `${state}, stopped`, tone: "bad" };
  if (state === "paused") return { text: state, tone: "warn" };
  return state === "closed" ? { text: state, tone: "good" } : state;
};

interface Decision {
  readonly name: string;
  readonly does: string;
  readonly example: string;
  readonly act: typeof releaseSlot;
  readonly done: (slot: Slot) => string;
}

const release: Decision = {
  name: "release",
  does: "Let a paused slot go on, or the rest of one follow its first wave.",
  example: 'slots release 42 --reason "a new team joined"',
  act: releaseSlot,
  done: ({ id, report }) => `Slot ${id} of “${report}” goes on; a running daemon does the rest.`,
};

const skip: Decision = {
  name: "skip",
  does: "End a paused slot: nobody gets it.",
  example: 'slots skip 42 --reason "the list was half empty"',
  act: skipSlot,
  done: ({ id, report }) => `Slot ${id} of “${report}” is skipped; nobody gets it.`,
};

const decideCommand = (cli: Cli, { name, does, example, act, done }: Decision): Command =>
  verb({ usage: `${name} <id>`, does, examples: [example] })
    .requiredOption("--reason <words>", "why; it is kept with the slot")
    .action((id: string, { reason }: { reason: string }, command: Command) =>
      cli.run(command, (common) =>
        withApp(cli, { common, reach: "rows" }, async ({ pool }) => {
          cli.say.good(done(await act({ id, reason, by: operator() }, pool)));
          return 0;
        }),
      ),
    );
