import { expect, test } from "vitest";
import { releaseSlot } from "#actions/slots.ts";
import { resume, stop } from "#actions/stop.ts";
import type { Work } from "#daemon.ts";
import { recentSlots } from "#store/slots.ts";
import { type Morning, openMorning, untilAll } from "../support/morning.ts";
import { type Sink, startSink } from "../support/sink.ts";

const count = process.env["DAYBREAK_LONG"] === "1" ? 100 : 36;
const addresses = Array.from({ length: count }, (_, n) => `r${n}@example.com`);
const people = ["email,name,region", ...addresses.map((email, n) => `${email},Person ${n},North`)].join("\n");
const senders = 2;

/** A morning whose emails are written and go out slowly enough to be stopped in the middle. */
const written = async (sink: Sink, more: Parameters<typeof openMorning>[0] = {}): Promise<Morning> => {
  const morning = await openMorning({
    people,
    limits: { senders, emailsPerMinute: 1_200 },
    config: { mail: { from: "bi@example.com", via: sink.url } },
    ...more,
  });
  await morning.makeDue();
  const writing = morning.begin(["tick", "render", "write"]);
  await untilAll(morning, "composed");
  await writing.stop();
  return morning;
};

const until = async (isSo: () => boolean | Promise<boolean>): Promise<void> => {
  const end = performance.now() + 60_000;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error("it never became so");
    await new Promise((done) => setTimeout(done, 10));
  }
};

/** Lets the loops look around a few times, so that whatever could still go out would have. */
const rounds = async (morning: Morning, work: Work): Promise<void> => {
  for (let n = 0; n < 8; n++) {
    work.ring();
    await new Promise((done) => setTimeout(done, 100));
  }
  await until(async () => (await morning.deliveries()).every(({ state }) => state !== "sending"));
};

const slotOf = async ({ pool }: Morning): Promise<string> => (await recentSlots(pool, 1))[0]?.slot.id ?? "";

const got = (sink: Sink): readonly string[] => sink.messages.flatMap(({ to }) => to);

test("a slot that is stopped in the middle sends nothing more but what was on the wire, and goes on when it is resumed", async () => {
  await using sink = await startSink();
  await using morning = await written(sink);
  const slot = await slotOf(morning);
  const work = morning.begin();
  await until(() => sink.messages.length >= 10);
  const stopped = await stop({ target: slot, by: "test", reason: "wrong figures" }, morning.app);
  const atCommit = sink.messages.length;
  await rounds(morning, work);
  const late = sink.messages.length - atCommit;
  console.log(
    `stopped in the middle: sent ${sink.messages.length} of ${count}, after the commit ${late}, said to be in flight ${stopped.inFlight.sending}`,
  );
  expect(late).toBeLessThanOrEqual(stopped.inFlight.sending);
  expect(stopped.inFlight.sending).toBeLessThanOrEqual(senders);
  expect(sink.messages.length).toBeLessThan(count);
  expect(stopped.deliveries + sink.messages.length).toBeGreaterThanOrEqual(count);
  await expect(stop({ target: slot, by: "test", reason: "again" }, morning.app)).rejects.toThrow("stopped already");
  const resumed = await resume({ target: slot, by: "test" }, morning.app);
  expect(resumed.deliveries).toBe(stopped.deliveries);
  await morning.closed();
  await work.stop();
  expect(got(sink).toSorted()).toEqual(addresses.toSorted());
});

test("a whole report that is stopped makes, draws and sends nothing until it is resumed; what expires meanwhile is not sent", async () => {
  await using sink = await startSink();
  await using morning = await openMorning({
    people: "email,name,region\nanna@example.com,Anna,North\n",
    report: { expires: "2h" },
    config: { mail: { from: "bi@example.com", via: sink.url } },
  });
  await stop({ target: "daily-sales", by: "test", reason: "wrong rates" }, morning.app);
  await morning.makeDue();
  const work = morning.begin();
  await rounds(morning, work);
  expect(await morning.deliveries()).toEqual([]);
  await resume({ target: "daily-sales", by: "test" }, morning.app);
  await until(async () => sink.messages.length === 1);
  await morning.closed();
  await stop({ target: "daily-sales", by: "test", reason: "once more" }, morning.app);
  await morning.makeDue("2026-11-21T06:00:00Z");
  await rounds(morning, work);
  const slot = await slotOf(morning);
  await stop({ target: slot, by: "test", reason: "this one, too" }, morning.app);
  morning.clock.move(2 * 3_600_000 + 60_000);
  await morning.closed();
  await work.stop();
  expect(sink.messages).toHaveLength(1);
  expect((await recentSlots(morning.pool, 1))[0]?.slot).toMatchObject({
    state: "skipped",
    reason: "it expired while it was stopped",
  });
});

test("who is disabled or suppressed in the middle gets nothing after the commit but what was on the wire", async () => {
  await using sink = await startSink();
  await using morning = await written(sink);
  const work = morning.begin();
  await until(() => sink.messages.length >= 5);
  const left = addresses.slice(count / 3);
  const [disabled, suppressed] = [left.filter((_, n) => n % 2 === 0), left.filter((_, n) => n % 2 === 1)];
  await morning.pool.query("update recipients set active = false where email = any($1::text[])", [disabled]);
  await morning.pool.query("insert into suppressions (email, reason) select unnest($1::text[]), 'unsubscribed'", [
    suppressed,
  ]);
  const atCommit = new Set(got(sink));
  await morning.closed();
  await work.stop();
  const after = got(sink).filter((address) => !atCommit.has(address) && left.includes(address));
  console.log(`disabled or suppressed in the middle: after the commit + in flight ${after.length} / ${left.length}`);
  expect(after.length).toBeLessThanOrEqual(senders);
  const kept = addresses.filter((address) => !left.includes(address));
  expect(kept.filter((address) => got(sink).filter((one) => one === address).length !== 1)).toEqual([]);
  expect(new Set(got(sink))).toHaveLength(sink.messages.length);
});

test("the first wave goes out alone; the rest follows by itself when nothing is wrong with it", async () => {
  await using sink = await startSink();
  await using morning = await written(sink, {
    report: { owner: "r7@example.com", firstWave: { to: ["R3@example.com"], size: 2, rest: "after 10m" } },
    limits: { senders },
  });
  const work = morning.begin();
  await until(() => sink.messages.length >= 4);
  await rounds(morning, work);
  expect(got(sink).toSorted()).toEqual(["r0@example.com", "r1@example.com", "r3@example.com", "r7@example.com"]);
  morning.clock.move(10 * 60_000 + 1_000);
  await morning.closed();
  await work.stop();
  // The owner's summary comes on top.
  const emails = sink.messages.filter(({ data }) => !data.includes("X-Daybreak-Delivery: summary"));
  expect(emails.flatMap(({ to }) => to).toSorted()).toEqual(addresses.toSorted());
});

test("a first wave with which something is wrong holds the rest, tells an operator, and waits for a word", async () => {
  await using sink = await startSink();
  sink.misbehave({ kind: "rcpt-reply", reply: "550 5.1.1 no such mailbox", to: "r0@example.com" });
  await using morning = await written(sink, {
    report: { firstWave: { size: 2, rest: "after 1m" } },
    limits: { senders },
  });
  const slot = await slotOf(morning);
  const told = morning.log.next("alert.warning", ({ key }) => key === `wave:${slot}`);
  const work = morning.begin();
  expect(JSON.stringify((await told).fields)).toContain("1 failed");
  morning.clock.move(3_600_000);
  await rounds(morning, work);
  expect(got(sink)).toEqual(["r1@example.com"]);
  await releaseSlot({ id: slot, by: "test", reason: "the mailbox is gone, the report is right" }, morning.pool);
  await morning.closed();
  await work.stop();
  expect(got(sink)).toHaveLength(count - 1);
});
