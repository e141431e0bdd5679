/**
 * `npm run bench -- burst`: 500 people over 20 filters, from due to the last email at the mail server, beside the original script's way; then
 * 10,000 over 300 with the memory of the daemon and its browsers. `--small`: one round of 60 over 6, and 200 over 10.
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { drawAsTheOriginal } from "./support/browsers.ts";
import { type BurstPlace, sendBurst } from "./support/bursts.ts";
import { openDaemon } from "./support/daemons.ts";
import { conclude, machine, median, rounded, tell, timed } from "./support/figures.ts";
import { startMailSink } from "./support/mail-sink.ts";
import { openBenchPlace } from "./support/ours.ts";
import { regionsFrom, startBenchServer } from "./support/page.ts";
import { watchMemory } from "./support/processes.ts";

const { values } = parseArgs({
  options: { small: { type: "boolean", default: false }, "without-big": { type: "boolean", default: false } },
});
const rounds = values.small ? 1 : 3;
const usual = values.small ? { recipients: 60, filters: 6 } : { recipients: 500, filters: 20 };
const big = values.small ? { recipients: 200, filters: 10 } : { recipients: 10_000, filters: 300 };
const originals = values.small ? 2 : 8;
const browsers = availableParallelism();

await using server = await startBenchServer();
await using sink = await startMailSink();
await using place = await openBenchPlace({ url: server.url, browsers, mail: sink.url });
await using app = await place.open();
const where: BurstPlace = { place, app, sink };

/** Emails a minute, and how often a dashboard was opened for them. */
const burst = async (): Promise<{ readonly rate: number; readonly renders: number }> => {
  const before = await server.drawn();
  const took = await sendBurst(where, usual);
  return { rate: (usual.recipients * 60_000) / took, renders: (await server.drawn()) - before };
};

const original: number[] = [];
const ours: { readonly rate: number; readonly renders: number }[] = [];
{
  await using daemon = await openDaemon(place);
  await sendBurst(where, { recipients: browsers * 4, filters: browsers * 4 });
  for (let round = 1; round <= rounds; round += 1) {
    const regions = regionsFrom(1_000_000 + round * originals, originals);
    original.push((originals * 60_000) / (await timed(() => drawAsTheOriginal(server.url, regions))));
    const one = await burst();
    ours.push(one);
    const [theirs, rate] = [rounded(original.at(-1) ?? 0, 1), rounded(one.rate, 0)];
    tell(`round ${round} of ${rounds}, emails a minute: original ${theirs}, ours ${rate} with ${one.renders} renders`);
  }
  await daemon.stop();
}

const emailsPerMin = median(ours.map(({ rate }) => rate));
const figures = {
  bench: "burst",
  ratio_vs_original: rounded(emailsPerMin / median(original), 1),
  renders: median(ours.map(({ renders }) => renders)),
  emails_per_min: rounded(emailsPerMin, 0),
};

/** A daemon of its own, so that the memory is this morning's. */
const sendBig = async (): Promise<Readonly<Record<string, number>>> => {
  tell(`${big.recipients} people over ${big.filters} filters …`);
  await using daemon = await openDaemon(place);
  await using memory = watchMemory(daemon.pid);
  const took = await sendBurst(where, big);
  const [whole, own] = [memory.peak(), await memory.ownPeak()];
  await daemon.stop();
  return { big_min: rounded(took / 60_000), big_rss_mb: rounded(whole, 0), big_daemon_mb: rounded(own, 0) };
};

const bigFigures = values["without-big"] ? {} : await sendBig();
tell(machine());
conclude({ ...figures, ...bigFigures });
