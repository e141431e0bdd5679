/**
 * `npm run bench -- plan`: 100,000 subscriptions that come due at once. A daemon of its own plans and stores them, seconds and peak memory
 * are taken from outside; then what a tick costs that finds nothing due. `--small`: 5,000.
 */
import { parseArgs } from "node:util";
import type { App } from "#app.ts";
import { makeDue } from "./support/bursts.ts";
import { openDaemon } from "./support/daemons.ts";
import { conclude, machine, median, rounded, tell, timed } from "./support/figures.ts";
import { type BenchPlace, openBenchPlace } from "./support/ours.ts";
import { peakOf } from "./support/processes.ts";

const { values } = parseArgs({ options: { small: { type: "boolean", default: false } } });
const people = values.small ? 5_000 : 100_000;
const slots = values.small ? 1 : 3;
const filters = 1_000;

const writePeople = async ({ pool }: App): Promise<void> => {
  const step = 5_000;
  for (let from = 1; from <= people; from += step) {
    await pool.query(
      "insert into recipients (key, name, email) select 'p' || n, 'Person ' || n, 'p' || n || '@example.com' from generate_series($1::int, $2::int) n",
      [from, from + step - 1],
    );
    await pool.query(
      `insert into subscriptions (report, recipient_id, attributes)
        select 'sales', id, jsonb_build_object('region', 'Region ' || id % $1::int) from recipients where id >= $2`,
      [filters, from],
    );
  }
  await pool.query("analyze");
};

/** Makes the report due now; resolved once its slot is planned. */
const planOnce = async (app: App): Promise<void> => {
  const nominal = await makeDue(app);
  for (;;) {
    const { rows } = await app.pool.query("select state, audience from slots where nominal = $1", [nominal]);
    const [slot] = rows;
    if (slot?.["state"] === "planned" && slot["audience"] === people) return;
    if (slot?.["state"] !== "due" && slot?.["state"] !== "ready") throw new Error(JSON.stringify(slot));
    await new Promise((done) => setTimeout(done, 20));
  }
};

const planAll = async (place: BenchPlace, app: App): Promise<{ readonly seconds: number; readonly peak: number }> => {
  await using daemon = await openDaemon(place, { roles: ["tick"] });
  tell(`a daemon that has started: ${rounded(await peakOf(daemon.pid), 0)} MB`);
  const seconds: number[] = [];
  for (let round = 1; round <= slots; round += 1) {
    const took = (await timed(() => planOnce(app))) / 1_000;
    seconds.push(took);
    tell(`slot ${round} of ${slots}: ${rounded(took)} s, peak ${rounded(await peakOf(daemon.pid), 0)} MB`);
  }
  const peak = await peakOf(daemon.pid);
  await daemon.stop();
  return { seconds: median(seconds), peak };
};

/** The first tick of a process reads everybody; the others ask whether anybody has changed. */
const idleTick = async ({ parts }: App): Promise<number> => {
  tell(`the first tick: ${rounded(await timed(parts.tick), 1)} ms`);
  const times: number[] = [];
  for (let round = 0; round < 31; round += 1) times.push(await timed(parts.tick));
  return median(times);
};

await using place = await openBenchPlace({ url: "http://127.0.0.1:9", browsers: 1, to: "tables" });
await using app = await place.open("reports");
tell(`writing ${people} people …`);
await writePeople(app);
const { seconds, peak } = await planAll(place, app);
const idle = await idleTick(app);

tell(machine());
conclude({
  bench: "plan",
  subscriptions: people,
  plan_s: rounded(seconds),
  rss_mb: rounded(peak, 0),
  idle_tick_ms: rounded(idle, 1),
});
