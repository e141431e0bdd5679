import { expect, test, vi } from "vitest";
import { Temporal } from "#model/time.ts";
import { judgeFolder, type Keeper, openKeeper } from "../support/keeper.ts";

const isLong = process.env["DAYBREAK_LONG"] === "1";
const rounds = isLong ? 20 : 3;

vi.setConfig({ testTimeout: isLong ? 3_600_000 : 300_000 });

/** Three parts of 64, 64 and 32 KiB. */
const bytes = 160 * 1024;

/** Every point between two effects of a run, in the order in which it passes them. */
const points = [
  "backup:producing",
  "backup:produced",
  "upload:begun",
  "upload:part-sent",
  "upload:part",
  "upload:part#2",
  "upload:part#3",
  "upload:before-complete",
  "upload:completed",
  "backup:before-manifest",
  "backup:manifest",
  "backup:verifying",
  "backup:read-back",
  "backup:verified",
  "prune:listed",
  "prune:planned",
  "prune:removing",
  "prune:removed",
  "prune:manifests",
  "backup:before-done",
];

/** Days of the policy. */
const kept = 14;

const firstDay = Temporal.PlainDate.from("2026-01-01");
const dateOf = (day: number): string => firstDay.add({ days: day }).toString();

/** What has been made, by date, and what the retention owes of it. */
interface Series {
  readonly keeper: Keeper;
  readonly made: Map<string, string>;
}

const begin = async ({ keeper, made }: Series): Promise<string> => {
  const date = dateOf(made.size);
  made.set(date, await keeper.writeSource(bytes));
  await keeper.makeDue(date);
  return date;
};

/** Of the newest dates, how many are owed. */
const owed = ({ made }: Series, { but, count }: { readonly but?: string; readonly count: number }) =>
  new Map([...made].filter(([date]) => date !== but).slice(-count));

test("whoever is killed at whatever point, no proven archive is lost, none is wrong, nothing is left open, and what was sent is not sent again", async () => {
  await using keeper = await openKeeper();
  const series: Series = { keeper, made: new Map() };
  const found = { lost: 0, wrong: 0, kills: 0, resumed: 0, sentTwice: 0 };
  const fill = keeper.start();
  // So many that each further one lets the oldest go.
  for (let n = 0; n < kept; n += 1) expect((await keeper.ended(await begin(series))).reason).toBeNull();
  await fill.kill();
  let open: { readonly date: string; readonly recorded: number } | null = null;
  const recover = async (by: ReturnType<Keeper["start"]>): Promise<void> => {
    if (open === null) return;
    const { date, recorded } = open;
    expect(await keeper.ended(date)).toMatchObject({ state: "done" });
    const uploaded = by.said.find(({ event }) => event === "backup.uploaded");
    if (recorded > 0 && uploaded !== undefined) {
      found.resumed += 1;
      // What was recorded as sent is the bucket's already.
      found.sentTwice += Math.max(0, Number(uploaded["sentBytes"]) - (bytes - recorded));
    }
    const judged = await judgeFolder(keeper.dir, owed(series, { count: kept }));
    expect(judged, `after ${date}`).toEqual({ lost: [], wrong: [], openUploads: 0 });
  };
  for (let round = 0; round < rounds; round += 1) {
    for (const point of points) {
      // One process brings the run of the last kill to its end, and is killed in the next one.
      const process = keeper.start(point);
      await process.has("started");
      await recover(process);
      const date = await begin(series);
      await process.has("halted");
      await process.kill();
      open = { date, recorded: await keeper.recordedBytes(date) };
      found.kills += 1;
      const judged = await judgeFolder(keeper.dir, owed(series, { but: date, count: kept - 1 }));
      found.lost += judged.lost.length;
      found.wrong += judged.wrong.length;
    }
  }
  const last = keeper.start();
  await recover(last);
  await last.kill();
  const end = await judgeFolder(keeper.dir, owed(series, { count: kept }));
  console.log(
    `backups killed at ${points.length} points: lost / wrong / open uploads / N: ${found.lost + end.lost.length} / ${found.wrong + end.wrong.length} / ${end.openUploads} / ${found.kills}; ${found.resumed} uploads resumed, ${found.sentTwice} bytes sent twice`,
  );
  expect(found).toMatchObject({ lost: 0, wrong: 0, kills: rounds * points.length, sentTwice: 0 });
  expect(found.resumed).toBeGreaterThanOrEqual(rounds * 4);
});
