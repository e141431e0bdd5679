/**
 * `npm run bench -- soak`: 600 renders by one daemon, each email to somebody with filters of their own. The memory of the daemon and its
 * browsers between the 50th and the 150th render, and of the last 100. `--small`: 60 renders.
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { sendBurst } from "./support/bursts.ts";
import { openDaemon } from "./support/daemons.ts";
import { conclude, machine, median, rounded, tell } from "./support/figures.ts";
import { startMailSink } from "./support/mail-sink.ts";
import { openBenchPlace } from "./support/ours.ts";
import { startBenchServer } from "./support/page.ts";
import { memoryOf } from "./support/processes.ts";

const { values } = parseArgs({ options: { small: { type: "boolean", default: false } } });
const renders = values.small ? 60 : 600;
const [warm, window] = values.small ? [10, 20] : [50, 100];

await using server = await startBenchServer();
await using sink = await startMailSink();
await using place = await openBenchPlace({ url: server.url, browsers: availableParallelism(), mail: sink.url });
await using app = await place.open();
await using daemon = await openDaemon(place);

/** Memory of the daemon and its browsers by how much was drawn. */
const samples: { readonly drawn: number; readonly mb: number }[] = [];
let isOver = false;
const watch = async (): Promise<void> => {
  while (!isOver) {
    samples.push({ drawn: await server.drawn(), mb: await memoryOf(daemon.pid) });
    await new Promise((done) => setTimeout(done, 250));
  }
};
const watching = watch();
// Mornings of some tens, so that it isn't one long one: planning, closing and what is kept between mornings are soaked, too.
const morning = { recipients: renders / 10, filters: renders / 10 };
for (let round = 1; round <= 10; round += 1) {
  await sendBurst({ place, app, sink }, morning);
  tell(`${await server.drawn()} drawn, ${rounded(samples.at(-1)?.mb ?? 0, 0)} MB`);
}
isOver = true;
await watching;
await daemon.stop();

const between = (from: number, to: number): number => {
  const found = samples.filter(({ drawn }) => drawn > from && drawn <= to).map(({ mb }) => mb);
  return median(found);
};
const [first, last] = [between(warm, warm + window), between(renders - window, renders)];
tell(machine());
conclude({
  bench: "soak",
  growth: rounded(last / first - 1, 3),
  renders,
  first_mb: rounded(first, 0),
  last_mb: rounded(last, 0),
  peak_mb: rounded(Math.max(...samples.map(({ mb }) => mb)), 0),
});
