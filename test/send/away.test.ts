import { expect, test } from "vitest";
import { smtpMailer } from "#send/mailers/smtp.ts";
import { heldFor } from "#store/budgets.ts";
import { attemptsOf } from "#store/sends.ts";
import { openPosting } from "../support/posting.ts";
import { startSink } from "../support/sink.ts";

test("a mail server that is away for longer than an email has tries costs none: it goes out when the server is back", async () => {
  await using sink = await startSink();
  const settings = { url: sink.url, user: null, password: null, connections: 2, limitMs: 5_000 };
  await using place = await openPosting(smtpMailer(settings), { sendAttempts: 2 });
  const id = await place.compose("anna");
  const meet = async (trouble: Parameters<typeof sink.misbehave>[0]): Promise<void> => {
    sink.misbehave(trouble);
    await place.postAll(1);
    place.clock.move(31 * 60_000);
  };
  await meet({ kind: "greeting", reply: "421 4.3.2 down for maintenance" });
  await meet({ kind: "greeting", reply: "554 5.7.1 blocked" });
  await meet({ kind: "mail-reply", reply: "451 4.3.0 later" });
  expect(await heldFor(place.pool, "smtp")).toBe(0);
  await meet({ kind: "mail-reply", reply: "550 5.7.60 this account may not send as that sender" });
  expect(await place.delivery(id)).toMatchObject({ state: "composed", attempts: 4 });
  // When it stays away, all processes let it rest between tries.
  expect(await heldFor(place.pool, "smtp")).toBeGreaterThan(0);
  await place.pool.query("delete from budgets");
  await meet({ kind: "rcpt-reply", reply: "450 4.2.1 busy", times: 1 });
  await place.postAll(1);
  expect(await place.delivery(id)).toMatchObject({ state: "sent", attempts: 6 });
  expect(sink.messages).toHaveLength(1);
  const outcomes = (await attemptsOf(place.pool, id)).map(({ outcome }) => outcome);
  expect(outcomes).toEqual(["away", "away", "away", "away", "temporary", "sent"]);
});
