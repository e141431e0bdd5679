/**
 * `npm run bench -- scale`: the same burst of 500 people over 60 filters with 1, 2 and 3 workers of one browser each, beside one process
 * that plans; what the machine's cores were busy with tells where the limit lies. `--small`: 60 people over 12 filters.
 */
import { parseArgs } from "node:util";
import { sendBurst } from "./support/bursts.ts";
import { openDaemon } from "./support/daemons.ts";
import { conclude, machine, median, rounded, tell } from "./support/figures.ts";
import { startMailSink } from "./support/mail-sink.ts";
import { openBenchPlace } from "./support/ours.ts";
import { startBenchServer } from "./support/page.ts";
import { busyShare } from "./support/processes.ts";

const { values } = parseArgs({ options: { small: { type: "boolean", default: false } } });
const size = values.small ? { recipients: 60, filters: 12 } : { recipients: 500, filters: 60 };
const rounds = values.small ? 1 : 3;
const crews = [1, 2, 3] as const;

await using server = await startBenchServer();
await using sink = await startMailSink();
await using place = await openBenchPlace({ url: server.url, browsers: 1, mail: sink.url });
await using app = await place.open();
await using planner = await openDaemon(place, { roles: ["tick"] });

/** Emails a minute with so many workers, and how busy all cores were meanwhile (0 to 1). */
const burstWith = async (workers: number): Promise<{ readonly rate: number; readonly busy: number }> => {
  await using stack = new AsyncDisposableStack();
  for (let n = 0; n < workers; n += 1) stack.use(await openDaemon(place, { roles: ["render", "send"] }));
  await sendBurst({ place, app, sink }, { recipients: workers * 4, filters: workers * 4 });
  const busy = await busyShare();
  const took = await sendBurst({ place, app, sink }, size);
  return { rate: (size.recipients * 60_000) / took, busy: await busy() };
};

const results = new Map(crews.map((workers) => [workers, [] as { readonly rate: number; readonly busy: number }[]]));
for (let round = 1; round <= rounds; round += 1) {
  for (const workers of crews) {
    const one = await burstWith(workers);
    results.get(workers)?.push(one);
    tell(
      `round ${round}, ${workers} workers: ${rounded(one.rate, 0)} a minute, cores busy ${rounded(one.busy * 100, 0)} %`,
    );
  }
}
await planner.stop();

const of = (workers: (typeof crews)[number], field: "rate" | "busy"): number =>
  median((results.get(workers) ?? []).map((one) => one[field]));
const figuresOf = (field: "rate" | "busy", digits: number) =>
  Object.fromEntries(crews.map((workers) => [workers, rounded(of(workers, field), digits)]));
tell(machine());
conclude({
  bench: "scale",
  speedup: rounded(Math.max(...crews.map((workers) => of(workers, "rate"))) / of(1, "rate")),
  emails_per_min: figuresOf("rate", 0),
  cores_busy: figuresOf("busy", 2),
});
