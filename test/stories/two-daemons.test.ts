import { expect, test, vi } from "vitest";
import { emailsOf, judge, people, regions, wanted } from "../support/crowd.ts";
import { startDaemon } from "../support/daemon.ts";
import { openMorning, untilClosed } from "../support/morning.ts";
import { startSink } from "../support/sink.ts";

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
    "two daemons",
    emails.filter(({ to }) => !to.includes("owner@example.com")),
    [],
  );
  const written = [...first.lines, ...second.lines].filter((line) => line.includes('"delivery.composed"'));
  expect(written).toHaveLength(wanted.length);
  const asked = morning.sample.requests.filter(({ path }) => path.startsWith("/views/") && !path.endsWith(".csv"));
  expect(asked.map(({ query }) => query["Region"]?.join()).toSorted()).toEqual([...regions].sort());
});
