import { execFile } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { expect, test, vi } from "vitest";
import { judge, people } from "../support/crowd.ts";
import { leftBy } from "../support/daemon.ts";
import { type Morning, openMorning } from "../support/morning.ts";
import { descendants, type SeenProcess, uncollected } from "../support/processes.ts";

const isLong = process.env["DAYBREAK_LONG"] === "1";
const mornings = isLong ? 3 : 1;
/** As many as one render's tries outlast, should chance send all of them to the same one. */
const harmsEach = 2;
const limits = {
  browsers: 1,
  renderAttempts: 1 + harmsEach,
  captureTimeoutMs: 4_000,
  settleTimeoutMs: 6_000,
  signInTimeoutMs: 6_000,
};
/** A blank picture of this size compresses to far less. */
const leastBytes = 4_000;

const isBrowser = ({ words }: SeenProcess): boolean => words.includes("/chromium ") && !words.includes(" --type=");
const isDrawer = ({ words }: SeenProcess): boolean => words.includes(" --type=renderer ");

type Harm = (browsers: readonly SeenProcess[]) => Promise<void>;

const signal =
  (isMeant: (one: SeenProcess) => boolean, name: NodeJS.Signals): Harm =>
  async (browsers) => {
    for (const { pid } of browsers.filter(isMeant)) {
      try {
        process.kill(pid, name);
      } catch {
        // It went by itself a moment ago.
      }
    }
  };

/** No further memory for whatever draws: the next picture ends it, as the system does when memory is short. */
const starve: Harm = async (browsers) => {
  for (const { pid } of browsers.filter(isDrawer))
    await promisify(execFile)("prlimit", ["--pid", String(pid), "--as=1000000", "--data=1000000"]).catch(() => {});
};

const isOver = async ({ pool }: Morning): Promise<boolean> =>
  (await pool.query("select from renders where state in ('wanted', 'drawing')")).rows.length === 0;

/** The browser that draws now, when nobody has harmed it yet; `null` when nothing is left to be drawn. */
const nextBrowser = async (morning: Morning, harmed: ReadonlySet<number>): Promise<readonly SeenProcess[] | null> => {
  await expect.poll(async () => isDrawing(morning, harmed), { timeout: 60_000 }).toBe(true);
  return (await isOver(morning)) ? null : freshOf(harmed);
};

const freshOf = (harmed: ReadonlySet<number>): readonly SeenProcess[] =>
  descendants(process.pid).filter(({ pid }) => !harmed.has(pid));

const isDrawing = async (morning: Morning, harmed: ReadonlySet<number>): Promise<boolean> => {
  const { rows } = await morning.pool.query("select from renders where state = 'drawing'");
  return (rows.length > 0 && freshOf(harmed).some(isDrawer)) || ((await hasRenders(morning)) && isOver(morning));
};

const hasRenders = async ({ pool }: Morning): Promise<boolean> =>
  (await pool.query("select from renders")).rows.length > 0;

/** Harms the browser in the middle of drawings, and lets the morning end; how often. */
const liveThrough = async (morning: Morning, harm: Harm): Promise<number> => {
  await morning.makeDue();
  const work = morning.begin();
  // Pauses between tries are as long as a report server may need; here nobody waits for one.
  const step = setInterval(() => morning.clock.move(5_000), 1_000);
  const harmed = new Set<number>();
  let harms = 0;
  try {
    for (; harms < harmsEach; harms += 1) {
      const browser = await nextBrowser(morning, harmed);
      if (browser === null) break;
      await pause(Math.random() * 300);
      for (const { pid } of browser) harmed.add(pid);
      await harm(browser);
    }
    await morning.closed();
  } finally {
    clearInterval(step);
    await work.stop();
  }
  return harms;
};

/** Judges one morning by what arrived, and says how many drawings were tried again. */
const judgeMorning = async (what: string, morning: Morning): Promise<number> => {
  const emails = await morning.emails();
  judge(what, emails, []);
  const pictures = emails.flatMap(({ files }) => files.filter(({ type }) => type === "image/png"));
  const blank = pictures.filter(({ bytes }) => bytes.length < leastBytes);
  console.log(`${what}: blank / N: ${blank.length} / ${pictures.length}`);
  expect(blank).toEqual([]);
  expect(pictures.length).toBeGreaterThanOrEqual(emails.length);
  await vi.waitFor(async () => expect(await leftBy([process.pid])).toEqual([]), { timeout: 15_000 });
  expect(uncollected(process.pid)).toEqual([]);
  const { rows } = await morning.pool.query("select coalesce(sum(n - 1), 0)::int as again from renders");
  return Number(rows[0]?.["again"]);
};

test.each([
  ["is killed", signal(isBrowser, "SIGKILL")],
  ["loses the process that draws", signal(isDrawer, "SIGKILL")],
  ["hangs", signal(isBrowser, "SIGSTOP")],
  ["gets no more memory", starve],
] as const)(
  "a browser that %s is replaced: each gets the own figures, and no browser is left over",
  async (what, harm) => {
    const all = { harms: 0, again: 0 };
    for (let n = 1; n <= mornings; n += 1) {
      await using morning = await openMorning({ people, limits });
      all.harms += await liveThrough(morning, harm);
      all.again += await judgeMorning(`a browser that ${what}`, morning);
    }
    console.log(`a browser that ${what}: harmed ${all.harms} times, drawn again ${all.again} times`);
    expect(all.harms).toBeGreaterThanOrEqual(mornings);
  },
);
