import { expect, test } from "vitest";
import type { Mailer } from "#send/port.ts";
import { postNext } from "#send/run.ts";
import { countTurn } from "#send/turn.ts";
import { heldFor } from "#store/budgets.ts";
import { openPosting, type Posting } from "../support/posting.ts";

/** A mailer that takes everything; when, in milliseconds, and for whom. */
const takingMailer = (name: string) => {
  const taken: { readonly at: number; readonly to: string }[] = [];
  const mailer: Mailer = {
    name,
    send: async ({ recipients }) => {
      taken.push({ at: performance.now(), to: recipients.join() });
      return { words: "250 taken", accepted: recipients, rejected: [] };
    },
    confirm: async () => "cannot-say",
    verify: async () => {},
    close: async () => {},
  };
  return { mailer, taken };
};

const calm = new AbortController().signal;

/** One sender of one process: sends until nothing is left. */
const sendAll = async ({ clock }: Posting, parts: Posting["parts"]): Promise<void> => {
  const ask = () => ({ owner: "test", leaseMs: 10_000, occasion: null, now: clock.now() });
  while (await postNext(ask(), parts, calm));
};

const perMinute = 1_200;

test("two processes with two senders each keep one pace together", async () => {
  const { mailer, taken } = takingMailer("smtp");
  await using place = await openPosting(mailer);
  for (let n = 0; n < 16; n += 1) await place.compose(`n${n}`);
  const parts = { ...place.parts, emailsPerMinute: perMinute };
  const from = performance.now();
  await Promise.all(Array.from({ length: 4 }, () => sendAll(place, parts)));
  expect(new Set(taken.map(({ to }) => to)).size).toBe(16);
  const everyMs = 60_000 / perMinute;
  const arrivals = taken.map(({ at }) => at - from).toSorted((a, b) => a - b);
  // A timer may ring a millisecond before its time.
  const early = arrivals.filter((at, n) => at < n * everyMs - 2);
  console.log(
    `16 emails at ${1_000 / everyMs} a second by 4 senders: ${Math.round(arrivals.at(-1) ?? 0)} ms, ${early.length} too early`,
  );
  expect(early).toEqual([]);
});

test("what may not leave takes nobody's turn, and what is in trial waits for none", async () => {
  const live = takingMailer("smtp");
  const outbox = takingMailer("folder");
  await using place = await openPosting(live.mailer);
  const mailerFor = ({ trial }: { readonly trial: boolean }): Mailer => (trial ? outbox.mailer : live.mailer);
  const parts = { ...place.parts, mailerFor, emailsPerMinute: 1 };
  const { pool } = place;
  for (const name of ["stopped", "waiting", "trial", "owed"]) await place.compose(name);
  const change = (name: string, words: string) =>
    pool.query(`update deliveries set ${words} where recipient_name = $1`, [name]);
  await change("stopped", "stopped_at = now()");
  await change("waiting", "waits_for_wave = true");
  await change("trial", "trial = true");
  await change("owed", "not_before = now() + interval '1 hour'");
  await sendAll(place, parts);
  expect([outbox.taken.length, live.taken.length]).toEqual([1, 0]);
  expect(await heldFor(pool, "smtp")).toBe(0);
  await change("owed", "not_before = null");
  await sendAll(place, parts);
  expect(live.taken.map(({ to }) => to)).toEqual(["owed@example.com"]);
  expect(await heldFor(pool, "smtp")).toBeGreaterThan(50_000);
});

test("an email beside the deliveries doesn't wait, and those after it wait for it", async () => {
  const { mailer } = takingMailer("smtp");
  await using place = await openPosting(mailer);
  const pace = { pool: place.pool, emailsPerMinute: 1 };
  await countTurn("folder", pace);
  expect(await heldFor(place.pool, "smtp")).toBe(0);
  const from = performance.now();
  await countTurn("smtp", pace);
  await countTurn("smtp", pace);
  expect(performance.now() - from).toBeLessThan(30_000);
  expect(await heldFor(place.pool, "smtp")).toBeGreaterThan(60_000);
});
