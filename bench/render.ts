/**
 * `npm run bench -- render`: recipients a minute, each with a filter of their own, PNG + PDF + CSV. Ours, with proof, record and isolation, beside
 * the original script's way and beside a bare loop. Rounds alternate; figures are medians. `--rounds N` in place of 5, `--small`: one short round.
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { drawAsTheOriginal, openBareLoop } from "./support/browsers.ts";
import { conclude, machine, median, rounded, tell, timed } from "./support/figures.ts";
import { type BenchPlaceOptions, openBenchPlace, order, proveAll } from "./support/ours.ts";
import { regionsFrom, startBenchServer } from "./support/page.ts";

const { values } = parseArgs({
  options: { small: { type: "boolean", default: false }, rounds: { type: "string", default: "5" } },
});
const rounds = values.small ? 1 : Number(values.rounds);
const counts = values.small ? { original: 2, many: 20 } : { original: 8, many: 60 };
const browsers = availableParallelism();

let next = 0;
const fresh = (count: number): readonly string[] => {
  next += count;
  return regionsFrom(next - count, count);
};

/** A Daybreak that is at work, as a daemon is before a morning. */
interface Daybreak extends AsyncDisposable {
  /** From the order to the last delivery whose picture, PDF and rows are stored and proven. */
  draw(regions: readonly string[]): Promise<void>;
}

const openDaybreak = async (options: BenchPlaceOptions): Promise<Daybreak> => {
  const place = await openBenchPlace(options);
  const app = await place.open();
  const work = app.work({ roles: ["render"], occasion: null });
  return {
    draw: async (regions) => {
      await place.writePeople(regions.map((region, at) => [`p${at}@example.com`, region]));
      const occasion = await order(app);
      work.ring();
      await proveAll(app, occasion);
    },
    [Symbol.asyncDispose]: async () => {
      await work.stop();
      await app[Symbol.asyncDispose]();
      await place[Symbol.asyncDispose]();
    },
  };
};

await using server = await startBenchServer();
await using bare = await openBareLoop(server.url, browsers);
await using ours = await openDaybreak({ url: server.url, browsers });
await using generic = await openDaybreak({ url: server.url, browsers, hasReadySign: false });
for (const way of [bare, ours, generic]) await way.draw(fresh(browsers * 4));

const measure = async (draw: (regions: readonly string[]) => Promise<void>, count: number): Promise<number> =>
  (count * 60_000) / (await timed(() => draw(fresh(count))));

const ways = ["original", "bare", "ours", "generic"] as const;
const rates: Record<(typeof ways)[number], number[]> = { original: [], bare: [], ours: [], generic: [] };
for (let round = 1; round <= rounds; round += 1) {
  rates.original.push(await measure((regions) => drawAsTheOriginal(server.url, regions), counts.original));
  rates.bare.push(await measure(bare.draw, counts.many));
  rates.ours.push(await measure(ours.draw, counts.many));
  rates.generic.push(await measure(generic.draw, counts.many));
  const last = ways.map((name) => `${name} ${rounded(rates[name].at(-1) ?? 0, 1)}`);
  tell(`round ${round} of ${rounds}, recipients a minute: ${last.join(", ")}`);
}

tell(machine());
conclude({
  bench: "render",
  ratio_vs_original: rounded(median(rates.ours) / median(rates.original)),
  ratio_vs_bare: rounded(median(rates.ours) / median(rates.bare)),
  ratio_generic: rounded(median(rates.generic) / median(rates.bare)),
  recipients_per_min: rounded(median(rates.ours), 1),
});
