import type { Command } from "commander";
import { refuseReport } from "#actions/named.ts";
import { restingServers } from "#actions/servers.ts";
import { tablesIn } from "#actions/tables.ts";
import { type Outlook, outlookOf, type ScheduleOutlook, type SlotOutlook } from "#actions/upcoming.ts";
import type { App } from "#app.ts";
import { outlookParts } from "#cli/ahead.ts";
import { wholeNumber } from "#cli/numbers.ts";
import { withApp } from "#cli/open.ts";
import type { Cell } from "#cli/table.ts";
import { type Cli, type ExitCode, verb } from "#cli/verb.ts";
import { aheadInWords, counted, envelopeInWords, partsInWords, timeInWords } from "#cli/words.ts";
import type { DeliveryDraft } from "#model/delivery.ts";
import { filtersInWords } from "#model/filters.ts";
import type { Report } from "#model/report.ts";
import { msBetween, type Temporal } from "#model/time.ts";

/** `plan [report]`: who gets what next, who doesn't, and why. */
export const planCommand = (cli: Cli): Command =>
  verb({
    usage: "plan [report]",
    does: "Show who gets what next, who doesn't, and why; nothing is written or sent.",
    examples: ["plan", "plan daily-sales --next 5", "plan daily-sales --json"],
    json: true,
  })
    .option("-n, --next <count>", "how many times to show for each schedule", wholeNumber, 3)
    .action((report: string | undefined, { next }: { next: number }, command: Command) =>
      cli.run(command, (common) =>
        withApp(cli, { common, reach: "rows" }, async (app): Promise<ExitCode> => {
          const parts = outlookParts(app, tablesIn(app.pool));
          const outlooks: Outlook[] = [];
          for (const one of chosen(app.config.reports, report)) outlooks.push(await outlookOf(one, next, parts));
          if (common.json) cli.say.json(outlooks);
          else await tellAll(outlooks, cli, app);
          return 0;
        }),
      ),
    );

/** The report of that name, also one that travels in another's bundle, or all of them. */
const chosen = (reports: readonly Report[], name: string | undefined): readonly Report[] => {
  if (name === undefined) return reports;
  const found = reports.filter((one) => [one, ...one.bundled].some((each) => each.name === name));
  return found.length > 0
    ? found
    : refuseReport(
        name,
        reports.map((one) => one.name),
      );
};

const tell = (outlook: Outlook, { say }: Cli, now: Temporal.Instant): void => {
  const mode = outlook.mode === "live" ? say.paint("good", "live") : say.paint("warn", "in trial");
  say.line();
  say.line(`${say.paint("bold", outlook.report)}  ${mode}`);
  const slots = outlook.schedules.flatMap(({ words, next }) => next.map((slot) => ({ words, slot })));
  say.line();
  say.table(
    ["when", "zone", "", "schedule", "note"],
    slots.sort(bySlot).map(({ words, slot }) => slotRow(slot, words, now)),
  );
  for (const one of outlook.schedules) tellSchedule(one, say);
  const owed = outlook.audience.filter((draft) => draft.skip === null);
  const skipped = outlook.audience.filter((draft) => draft.skip !== null);
  say.line();
  say.line(`Next time: ${counted(owed.length, "delivery", "deliveries")}, ${skipped.length} skipped`);
  if (owed.length > 0) say.table(["recipient", "address", "filters", "formats", "shows", "label"], owed.map(draftRow));
  tellOthers(outlook, skipped, say);
};

const tellAll = async (outlooks: readonly Outlook[], cli: Cli, { pool, clock, config }: App): Promise<void> => {
  const { say } = cli;
  for (const one of outlooks) tell(one, cli, clock.now());
  for (const { name, until } of await restingServers(pool, clock.now())) {
    say.line();
    say.warn(
      `Report server “${name}” rests until ${timeInWords(until, config.zone)}: what is to be drawn there waits.`,
    );
  }
};

const bySlot = (a: { readonly slot: SlotOutlook }, b: { readonly slot: SlotOutlook }): number =>
  msBetween(b.slot.due ?? b.slot.nominal, a.slot.due ?? a.slot.nominal);

const slotRow = (
  { nominal, due, reason, zone }: SlotOutlook,
  words: string,
  now: Temporal.Instant,
): readonly Cell[] => {
  const note = reason ?? "";
  if (due === null)
    return [{ text: timeInWords(nominal, zone), tone: "dim" }, zone, { text: "skipped", tone: "warn" }, words, note];
  return [timeInWords(due, zone), zone, aheadInWords(msBetween(now, due)), words, note];
};

const tellSchedule = ({ schedule, mistake, next }: ScheduleOutlook, say: Cli["say"]): void => {
  if (mistake !== null) say.warn(`“${schedule}” can't be read: ${mistake}`);
  else if (next.length === 0) say.warn(`“${schedule}” never comes again.`);
};

const draftRow = (draft: DeliveryDraft): readonly Cell[] => [
  draft.recipientName,
  envelopeInWords(draft.envelope),
  filtersInWords(draft.filters, "everything"),
  draft.formats.join(" "),
  partsInWords(draft.parts),
  draft.label,
];

const tellOthers = ({ inactive, mistakes }: Outlook, skipped: readonly DeliveryDraft[], say: Cli["say"]): void => {
  const others: readonly (readonly Cell[])[] = [
    ...skipped.map((draft) => [draft.recipientName, { text: "skipped", tone: "warn" as const }, draft.skip ?? ""]),
    ...inactive.map(({ key, name, reason }) => [
      name === "" ? key : name,
      { text: "inactive", tone: "dim" as const },
      reason,
    ]),
    ...mistakes.map(({ place, what }) => [place, { text: "unusable", tone: "bad" as const }, what]),
  ];
  if (others.length === 0) return;
  say.line();
  say.line("Nothing for:");
  say.table(["who", "", "why"], others);
};
