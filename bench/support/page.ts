import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { tell } from "./figures.ts";
import { home } from "./home.ts";

/** The report server that is measured on, in a process of its own. */
export interface BenchServer extends AsyncDisposable {
  readonly url: string;
  /** How often the dashboard was opened so far. */
  drawn(): Promise<number>;
}

const version = "6.1.0";

/** The charting library that the pages load, fetched once into the project's cache: nothing else needs it. */
const bundleOf = async (): Promise<string> => {
  const folder = join(home, "cache", `bench-echarts-${version}`);
  const file = join(folder, "node_modules/echarts/dist/echarts.min.js");
  if (existsSync(file)) return file;
  tell("fetching the charting library of the measured pages …");
  const words = ["install", "--prefix", folder, "--no-audit", "--no-fund", "--loglevel=error", `echarts@${version}`];
  const [code] = await once(spawn("npm", words, { stdio: ["ignore", "ignore", "inherit"] }), "exit");
  if (code !== 0) throw new Error(`npm could not fetch echarts ${version}; the benches of drawing need it`);
  return file;
};

/** Starts it on a free port of the loopback. */
export const startBenchServer = async (): Promise<BenchServer> => {
  const child = fork(fileURLToPath(new URL("page-server.ts", import.meta.url)), [await bundleOf()], {
    stdio: "inherit",
  });
  const [{ url }] = (await once(child, "message")) as [{ url: string }];
  const drawn = async (): Promise<number> => {
    child.send("drawn");
    const [answer] = (await once(child, "message")) as [{ drawn: number }];
    return answer.drawn;
  };
  return { url, drawn, [Symbol.asyncDispose]: () => end(child) };
};

const end = async (child: ChildProcess): Promise<void> => {
  const ended = once(child, "exit");
  child.kill();
  await ended;
};

/** What a view is drawn with, by everybody in a round. */
export const viewport = { width: 1_200, height: 900, deviceScaleFactor: 1 } as const;

/** The sign that the page gives when it is drawn. */
export const readySelector = 'body[data-ready="true"]';

/** The paper that the view is printed on. */
export const paper = { format: "A4", printBackground: true, scale: 0.586 } as const;

/** The same as Daybreak prints it: with a line above and below, and margins for them. */
export const linedPaper = {
  ...paper,
  displayHeaderFooter: true,
  headerTemplate: "<div style='width:100%;font:9.5px sans-serif'><span>sales</span><span>Region</span></div>",
  footerTemplate: "<div style='width:100%;font:9.5px sans-serif'><span class='pageNumber'></span></div>",
  margin: { top: "18mm", bottom: "18mm", left: "12mm", right: "12mm" },
} as const;

/** So many regions' names that differ. */
export const regionsFrom = (first: number, count: number): readonly string[] =>
  Array.from({ length: count }, (_, at) => `Region ${first + at}`);
