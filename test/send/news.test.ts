import { expect, test } from "vitest";
import { Fault } from "#model/fault.ts";
import { type Told, takeNews } from "#send/news.ts";
import type { Mailer } from "#send/port.ts";
import { settleOrphans } from "#send/settle.ts";
import { mailEventsOf } from "#store/mail-events.ts";
import { allSuppressions } from "#store/people.ts";
import { keptAlerts } from "../support/kept-alerts.ts";
import { openPosting, type Posting } from "../support/posting.ts";

/** A mailer that takes the first emails without a word; `before`: what happens in between. */
const silentMailer = (times: number, before: (id: string) => Promise<unknown> = async () => {}) => {
  const taken: string[] = [];
  let left = times;
  const mailer: Mailer = {
    name: "sendgrid",
    send: async ({ deliveryId, recipients }) => {
      taken.push(deliveryId);
      await before(deliveryId);
      left -= 1;
      if (left >= 0) throw new Fault("send.unknown", "no answer", { hint: "wait", retry: "unknown" });
      return { words: "202 accepted", accepted: recipients, rejected: [] };
    },
    confirm: async () => "cannot-say",
    verify: async () => {},
    close: async () => {},
  };
  return { mailer, taken };
};

const newsOf = (place: Posting, id: string, more: Partial<Told> = {}): Told => ({
  key: `news ${id} ${more.kind ?? "delivered"}`,
  deliveryId: id,
  kind: "delivered",
  email: place.message(id).recipients[0] ?? "",
  words: "250 OK",
  at: place.clock.now(),
  isAddressBad: false,
  isOf: ({ messageId }) => messageId === place.message(id).messageId,
  ...more,
});

const partsOf = ({ pool, clock, log }: Posting) => ({ pool, clock, log, alerts: keptAlerts() });

test("an uncertain delivery is sent as soon as the mail service tells that it took it", async () => {
  await using place = await openPosting(silentMailer(1).mailer);
  const id = await place.compose("anna");
  await place.postAll();
  expect(await place.delivery(id)).toMatchObject({ state: "uncertain" });
  expect(await takeNews(newsOf(place, id), partsOf(place))).toBe("taken");
  expect(await place.delivery(id)).toMatchObject({ state: "sent", reason: null });
  expect(await takeNews(newsOf(place, id), partsOf(place))).toBe("known");
  expect(await mailEventsOf(place.pool, id)).toHaveLength(1);
});

test("news that comes before the answer is lost makes nothing uncertain", async () => {
  const early: { tell: (id: string) => Promise<unknown> } = { tell: async () => {} };
  await using place = await openPosting(silentMailer(1, (id) => early.tell(id)).mailer);
  const id = await place.compose("anna");
  early.tell = (told) => takeNews(newsOf(place, told, { kind: "taken" }), partsOf(place));
  await place.postAll();
  expect(await place.delivery(id)).toMatchObject({ state: "sent", reason: null });
});

test("an email that waits to be sent again isn't, when news comes that it was taken: no double", async () => {
  const { mailer, taken } = silentMailer(1);
  await using place = await openPosting(mailer, { whenUncertain: "resend" });
  const id = await place.compose("anna");
  await place.postAll();
  expect(await place.delivery(id)).toMatchObject({ state: "composed" });
  await takeNews(newsOf(place, id), partsOf(place));
  expect(await place.delivery(id)).toMatchObject({ state: "sent" });
  place.clock.move(3_600_000);
  await place.postAll();
  expect(taken).toEqual([id]);
});

test("one that was told of is settled by it after its sender died, too", async () => {
  await using place = await openPosting(silentMailer(0).mailer);
  const id = await place.compose("anna");
  const dead =
    "update deliveries set state = 'sending', attempts = 1, owner = 'dead', deadline = now() - interval '1 hour' where id = $1";
  await place.pool.query(dead, [id]);
  await place.pool.query("insert into attempts (delivery_id, n, owner, started_at) values ($1, 1, 'dead', now())", [
    id,
  ]);
  await takeNews(newsOf(place, id, { kind: "taken" }), partsOf(place));
  expect(await place.delivery(id)).toMatchObject({ state: "sending" });
  expect(await settleOrphans(1_000, place.parts)).toBe(1);
  expect(await place.delivery(id)).toMatchObject({ state: "sent" });
});

test("an email that came back for good stays sent with the words, its address gets nothing more, and somebody is told", async () => {
  await using place = await openPosting(silentMailer(0).mailer);
  const id = await place.compose("anna");
  await place.postAll();
  const parts = partsOf(place);
  const bounce = newsOf(place, id, {
    kind: "bounced",
    words: "550 5.1.1 no such user",
    isAddressBad: true,
    email: "Anna@example.com",
  });
  expect(await takeNews(bounce, parts)).toBe("taken");
  const words = "came back (Anna@example.com): 550 5.1.1 no such user";
  expect(await place.delivery(id)).toMatchObject({ state: "sent", reason: words });
  expect(await allSuppressions(place.pool)).toMatchObject([{ email: "anna@example.com", reason: words }]);
  expect(parts.alerts.raised).toMatchObject([{ key: `bounces:${place.slotId}`, severity: "warning" }]);
  const { rows } = await place.pool.query(`select actor from audit where "table" = 'suppressions'`);
  expect(rows).toEqual([{ actor: "daybreak: mail that came back" }]);
});

test("an operator's word about an address stands, and a refusal for now stops nobody", async () => {
  await using place = await openPosting(silentMailer(0).mailer);
  const [anna, ben] = [await place.compose("anna"), await place.compose("ben")];
  await place.postAll();
  await place.pool.query("insert into suppressions (email, reason) values ('anna@example.com', 'asked on the phone')");
  const parts = partsOf(place);
  await takeNews(newsOf(place, anna, { kind: "complained" }), parts);
  await takeNews(newsOf(place, ben, { kind: "refused", words: "452 mailbox full" }), parts);
  expect(await allSuppressions(place.pool)).toMatchObject([
    { email: "anna@example.com", reason: "asked on the phone" },
  ]);
  expect(await place.delivery(ben)).toMatchObject({
    state: "sent",
    reason: "was refused for now (ben@example.com): 452 mailbox full",
  });
});

test("an uncertain delivery that the service dropped failed: nobody has it", async () => {
  await using place = await openPosting(silentMailer(1).mailer);
  const id = await place.compose("anna");
  await place.postAll();
  await takeNews(newsOf(place, id, { kind: "dropped", words: "Unsubscribed Address" }), partsOf(place));
  expect(await place.delivery(id)).toMatchObject({
    state: "failed",
    reason: expect.stringMatching(/dropped.*Unsubscribed Address/),
  });
});

test("news of another message, of an address it never went to or of no delivery changes nothing", async () => {
  await using place = await openPosting(silentMailer(1).mailer);
  const id = await place.compose("anna");
  await place.postAll();
  const parts = partsOf(place);
  const bounced = { kind: "bounced", isAddressBad: true } as const;
  const inventions: readonly Partial<Told>[] = [
    { ...bounced, isOf: () => false },
    { ...bounced, email: "ceo@example.com" },
    { ...bounced, deliveryId: "999999" },
  ];
  for (const more of inventions) expect(await takeNews(newsOf(place, id, more), parts)).toBe("stranger");
  expect(await place.delivery(id)).toMatchObject({ state: "uncertain" });
  expect(await allSuppressions(place.pool)).toEqual([]);
  expect(parts.alerts.raised).toEqual([]);
});
