import { setTimeout as pause } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { leftBy, startDaemon } from "../support/daemon.ts";
import { lineOfRow, linesOf } from "../support/ledger.ts";
import { type Morning, openMorning, untilClosed, usualDay } from "../support/morning.ts";
import { type Email, emailOf, fileWith, rowsOf } from "../support/outbox.ts";
import { type Sink, startSink } from "../support/sink.ts";

const isLong = process.env["DAYBREAK_LONG"] === "1";
const kills = isLong ? 20 : 4;
const perRegion = isLong ? 30 : 4;
const regions = ["North", "South", "East", "West", "Alpine & Lakes", "日本"];
const wanted = regions.flatMap((region, at) =>
  Array.from({ length: perRegion }, (_, n) => ({ email: `r${at}n${n}@example.com`, region })),
);
const people = ["email,name,region", ...wanted.map(({ email, region }) => `${email},${email},${region}`)].join("\n");

/** Short leases, so that what a dead process held is taken back in seconds; and no drawing is given up for its workers' deaths. */
const limits = { leaseMs: 3_000, sendLimitMs: 1_500, renderAttempts: 20, senders: 2 };

/** Lets a daemon work until a moment that chance chooses, and kills it there. */
const workAndDie = async (morning: Morning): Promise<number> => {
  await using daemon = startDaemon(morning);
  const events = ["render.ready", "delivery.proof", "delivery.composed", "delivery.sent"];
  await daemon.wrote(1 + Math.floor(Math.random() * 8), events);
  await pause(Math.random() * 120);
  await daemon.kill();
  return daemon.pid;
};

const killOftenThenFinish = async (morning: Morning): Promise<void> => {
  await morning.makeDue();
  const pids: number[] = [];
  for (let n = 0; n < kills; n += 1) pids.push(await workAndDie(morning));
  await using last = startDaemon(morning);
  await untilClosed(morning.pool);
  expect(await last.stop()).toBe(0);
  await vi.waitFor(async () => expect(await leftBy([...pids, last.pid])).toEqual([]), { timeout: 10_000 });
};

/** Judges the emails that arrived: `uncertain` addresses may have one or none. */
const judge = (emails: readonly Email[], uncertain: readonly string[]): void => {
  const counts = wanted.map(({ email }) => emails.filter(({ to }) => to.includes(email)).length);
  const lost = wanted.filter(({ email }, at) => counts[at] === 0 && !uncertain.includes(email));
  const doubled = wanted.filter((_, at) => (counts[at] ?? 0) > 1);
  const foreign = emails.filter((email) => {
    const region = wanted.find((one) => email.to.includes(one.email))?.region ?? "";
    const rows = rowsOf(fileWith(email, "csv").bytes).map(lineOfRow).sort();
    return JSON.stringify(rows) !== JSON.stringify(linesOf(usualDay, { Region: [region] }));
  });
  console.log(
    `${kills} kills: lost / duplicates / uncertain / foreign / N: ${lost.length} / ${doubled.length} / ${uncertain.length} / ${foreign.length} / ${wanted.length}`,
  );
  expect([lost, doubled, foreign.map(({ to }) => to)]).toEqual([[], [], []]);
};

const uncertainOf = async (morning: Morning): Promise<readonly string[]> =>
  (await morning.deliveries()).filter(({ state }) => state === "uncertain").map(({ envelope }) => envelope.to);

const emailsOf = (sink: Sink): Promise<readonly Email[]> =>
  Promise.all(sink.messages.map(({ data }, at) => emailOf(String(at), Buffer.from(data, "latin1"))));

test("a daemon that is killed again and again leaves each person with exactly one email in the folder", async () => {
  await using morning = await openMorning({ people, limits });
  await killOftenThenFinish(morning);
  expect(await uncertainOf(morning)).toEqual([]);
  judge(await morning.emails(), []);
});

test("over SMTP nobody gets two, and whoever may have none is marked as uncertain", async () => {
  await using sink = await startSink();
  await using morning = await openMorning({
    people,
    limits,
    config: { mail: { from: "bi@example.com", via: sink.url } },
  });
  await killOftenThenFinish(morning);
  judge(await emailsOf(sink), await uncertainOf(morning));
});

test("two daemons on one database draw each picture once and send each email once", async () => {
  await using sink = await startSink();
  await using morning = await openMorning({
    people,
    limits: { browsers: 1 },
    report: { owner: "owner@example.com" },
    config: { mail: { from: "bi@example.com", via: sink.url } },
  });
  await morning.makeDue();
  await using first = startDaemon(morning);
  await using second = startDaemon(morning);
  await untilClosed(morning.pool);
  const summaries = () => sink.messages.filter(({ to }) => to.includes("owner@example.com"));
  await vi.waitFor(() => expect(summaries()).toHaveLength(1), { timeout: 10_000 });
  expect(await Promise.all([first.stop(), second.stop()])).toEqual([0, 0]);
  expect(summaries()).toHaveLength(1);
  const emails = await emailsOf(sink);
  judge(
    emails.filter(({ to }) => !to.includes("owner@example.com")),
    [],
  );
  const written = [...first.lines, ...second.lines].filter((line) => line.includes('"delivery.composed"'));
  expect(written).toHaveLength(wanted.length);
  const asked = morning.sample.requests.filter(({ path }) => path.startsWith("/views/") && !path.endsWith(".csv"));
  expect(asked.map(({ query }) => query["Region"]?.join()).toSorted()).toEqual([...regions].sort());
});
