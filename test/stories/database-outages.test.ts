import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { emailsOf, judge, people, regions, wanted } from "../support/crowd.ts";
import { type Daemon, startDaemon } from "../support/daemon.ts";
import { type Morning, openMorning, untilClosed } from "../support/morning.ts";
import { openRelay } from "../support/relay.ts";
import { type Sink, startSink } from "../support/sink.ts";

const isLong = process.env["DAYBREAK_LONG"] === "1";
const times = isLong ? 20 : 3;
const awayMs = isLong ? 60_000 : 4_000;
const limits = { leaseMs: 5_000, sendLimitMs: 2_000, takeovers: 1_000, senders: 2 };

const progress = ["render.ready", "delivery.proof", "delivery.composed", "delivery.sent"];

const uncertainOf = async (morning: Morning): Promise<readonly string[]> =>
  (await morning.deliveries()).filter(({ state }) => state === "uncertain").map(({ envelope }) => envelope.to);

/** So many steps there are between two outages at most, that they meet the drawing, the writing and the sending. */
const apart = Math.floor((regions.length + wanted.length * 3) / times);

/** Lets the daemon get on a little. */
const getOn = async (daemon: Daemon): Promise<void> => {
  const sofar = daemon.lines.filter((line) => progress.some((event) => line.includes(`"${event}"`))).length;
  await Promise.race([daemon.wrote(sofar + 1 + Math.floor(Math.random() * apart), progress), pause(5_000)]);
};

/** Ends the morning within half a minute of the database's return, by the same process, and judges what the mail server got. */
const endWell = async (what: string, { daemon, morning, sink }: { daemon: Daemon; morning: Morning; sink: Sink }) => {
  const backAt = performance.now();
  const sofar = daemon.lines.filter((line) => progress.some((event) => line.includes(`"${event}"`))).length;
  const delivered = sink.messages.length;
  const isOver = untilClosed(morning.pool);
  await Promise.race([daemon.wrote(sofar + 1, progress), isOver]);
  const onMs = Math.round(performance.now() - backAt);
  await isOver;
  console.log(`${what}: goes on ${onMs} ms after the return, ${sink.messages.length - delivered} emails after it`);
  expect(onMs).toBeLessThan(30_000);
  expect(await daemon.stop()).toBe(0);
  judge(what, await emailsOf(sink), await uncertainOf(morning));
};

/** A port that nobody listens on at present. */
const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
};

const mailTo = (sink: Sink) => ({ mail: { from: "bi@example.com", via: sink.url } });

test("a database that refuses everybody for a while is waited for by a daemon that stays alive, and then goes on", async () => {
  await using sink = await startSink();
  sink.misbehave({ kind: "slow-reader", pauseMs: 30 });
  const port = await freePort();
  const http = { port, host: "127.0.0.1" };
  await using morning = await openMorning({ people, limits, config: { ...mailTo(sink), http } });
  await using relay = await openRelay(morning.database);
  await morning.makeDue();
  await using daemon = startDaemon({ ...morning, env: { ...morning.env, STORY_DATABASE: relay.url } });
  await daemon.wrote(1, ["render.ready"]);
  const isReady = async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).ok;
  expect(await isReady()).toBe(true);
  await relay.refuse();
  await pause(awayMs);
  if (isLong) await expect.poll(isReady, { timeout: 30_000 }).toBe(false);
  expect(daemon.lines.some((line) => line.includes('"loop.fault"'))).toBe(true);
  await relay.open();
  await expect.poll(isReady, { timeout: 30_000 }).toBe(true);
  await endWell(`connections refused for ${awayMs / 1_000} s`, { daemon, morning, sink });
});

test("a failover that ends all connections, again and again, loses nothing", async () => {
  await using sink = await startSink();
  sink.misbehave({ kind: "slow-reader", pauseMs: 30 });
  await using morning = await openMorning({ people, limits, config: mailTo(sink) });
  await morning.makeDue();
  await using daemon = startDaemon(morning);
  await daemon.wrote(1, ["render.ready"]);
  for (let n = 0; n < times; n += 1) {
    await getOn(daemon);
    await morning.pool.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
    );
  }
  await endWell(`all backends ended ${times} times`, { daemon, morning, sink });
});

/** The process of the database that a morning brought along. */
const postmasterOf = async ({ dir }: Morning): Promise<number> => {
  const folder = join(dir, "home", "postgres");
  const file = (await readdir(folder, { recursive: true })).find((name) => name.endsWith("postmaster.pid"));
  return Number((await readFile(join(folder, file ?? ""), "utf8")).split("\n")[0]);
};

const killPostmaster = async (morning: Morning): Promise<void> => {
  const before = await postmasterOf(morning);
  process.kill(before, "SIGKILL");
  await expect.poll(() => postmasterOf(morning).catch(() => before), { timeout: 30_000 }).not.toBe(before);
};

test("a database that is killed and comes back, again and again, loses nothing", async () => {
  await using sink = await startSink();
  sink.misbehave({ kind: "slow-reader", pauseMs: 30 });
  await using morning = await openMorning({ people, limits, embedded: true, config: mailTo(sink) });
  await morning.makeDue();
  await using daemon = startDaemon(morning);
  await daemon.wrote(1, ["render.ready"]);
  for (let n = 0; n < times; n += 1) {
    await getOn(daemon);
    await killPostmaster(morning);
  }
  await endWell(`the database killed ${times} times`, { daemon, morning, sink });
});
