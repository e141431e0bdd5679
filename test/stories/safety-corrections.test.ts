import { expect, test } from "vitest";
import { draftCorrection, requestCorrection } from "#actions/correct.ts";
import { recentSlots } from "#store/slots.ts";
import { emailsOf } from "../support/crowd.ts";
import { type Morning, openMorning } from "../support/morning.ts";
import { type Email, only } from "../support/outbox.ts";
import { type Sink, startSink } from "../support/sink.ts";

const people = `key,email,name,region,locale
anna,anna@example.com,Anna Berger,North,de
ben,ben@example.com,Ben Carter,South,en
cleo,cleo@example.com,Cleo Dumont,North,en
dora,dora@example.com,Dora Evans,South,en
finn,wrong@example.com,Finn Gray,West,en
`;

const partsOf = ({ app }: Morning) => ({ ...app, holidaysOn: app.holidays.on, readLists: app.parts.readLists });

const correct = async (morning: Morning, reason: string): Promise<string> => {
  const slot = (await recentSlots(morning.pool, 1))[0]?.slot.id ?? "";
  const ask = { slot, reason, by: "test" };
  const drafted = await draftCorrection(ask, partsOf(morning));
  return requestCorrection(drafted, ask, partsOf(morning));
};

const work = async (morning: Morning, occasion: string): Promise<void> => {
  const running = morning.app.work({ roles: ["render", "send"], occasion });
  const end = performance.now() + 60_000;
  for (;;) {
    const own = (await morning.deliveries()).filter((one) => one.occasion === occasion);
    if (own.every(({ state }) => ["sent", "skipped", "failed", "quarantined"].includes(state))) break;
    if (performance.now() > end) throw new Error(`still under way: ${JSON.stringify(own)}`);
    await new Promise((done) => setTimeout(done, 50));
  }
  await running.stop();
};

const header = ({ headers }: Email, name: string): string => headers.get(name) ?? "";

const sent = async (sink: Sink): Promise<readonly Email[]> => emailsOf(sink);

test("a correction goes to all who got the first email and to nobody else, marked, with its reason, below the first in its thread", async () => {
  await using sink = await startSink();
  sink.misbehave({ kind: "rcpt-reply", reply: "550 5.1.1 no such mailbox", to: "dora@example.com" });
  await using morning = await openMorning({ people, config: { mail: { from: "bi@example.com", via: sink.url } } });
  await morning.live();
  sink.behave();
  const first = await sent(sink);
  expect(first.flatMap(({ to }) => to).toSorted()).toEqual([
    "anna@example.com",
    "ben@example.com",
    "cleo@example.com",
    "wrong@example.com",
  ]);
  // Somebody new, somebody whose mail is stopped since, and somebody whose figures went to a mailbox that isn't theirs.
  const now = people.replace("wrong@example.com", "finn@example.com");
  await morning.writePeople(now.concat("eve,eve@example.com,Eve Foster,North,en\n"));
  await morning.pool.query("insert into suppressions (email, reason) values ('cleo@example.com', 'unsubscribed')");
  const drawn = await morning.pool.query("select max(finished_at) as at from renders");
  const occasion = await correct(morning, "Thursday's rates were missing");
  await work(morning, occasion);
  const all = await sent(sink);
  const corrections = all.slice(first.length);
  expect(corrections.flatMap(({ to }) => to).toSorted()).toEqual(["anna@example.com", "ben@example.com"]);
  const skipped = (await morning.deliveries()).filter((one) => one.occasion === occasion && one.state === "skipped");
  expect(skipped.map(({ reason }) => reason).toSorted()).toEqual([
    "mail to cleo@example.com is suppressed",
    "wrong@example.com is no longer their address, so it gets no correction",
  ]);
  const german = only(corrections, "anna@example.com");
  const english = only(corrections, "ben@example.com");
  expect(german.subject).toMatch(/^Korrektur: /);
  expect(english.subject).toMatch(/^Correction: /);
  for (const email of [german, english]) {
    const original = only(first, email.to[0] ?? "");
    expect([email.text, email.html].every((text) => text.includes("rates were missing"))).toBe(true);
    expect(header(email, "in-reply-to")).toBe(original.messageId);
    expect(header(email, "references")).toBe(original.messageId);
    expect(email.messageId).not.toBe(original.messageId);
  }
  expect(german.text).toContain("Diese E-Mail ersetzt die vorige");
  // Drawn anew, not taken from the morning.
  const renders = await morning.pool.query("select count(*)::int as n from renders where finished_at > $1", [
    String(drawn.rows[0]?.["at"]),
  ]);
  expect(renders.rows).toEqual([{ n: 2 }]);
  // Asked twice for the same reason it is the same correction; another reason is another one.
  expect(await correct(morning, " Thursday's rates were missing ")).toBe(occasion);
  await work(morning, occasion);
  expect(await sent(sink)).toHaveLength(all.length);
  const second = await correct(morning, "and Friday's");
  expect(second).not.toBe(occasion);
  await work(morning, second);
  expect((await sent(sink)).slice(all.length).flatMap(({ to }) => to)).toHaveLength(2);
  const kept = await morning.pool.query("select n, reason, by from corrections order by n");
  expect(kept.rows).toEqual([
    { n: 1, reason: "Thursday's rates were missing", by: "test" },
    { n: 2, reason: "and Friday's", by: "test" },
  ]);
});

test("a slot that nobody got can't be corrected, nor one without a reason", async () => {
  await using morning = await openMorning({ people: "email,name,region\nanna,Anna,North\n" });
  await morning.live();
  await expect(correct(morning, "wrong")).rejects.toThrow("Nobody got anything");
  await expect(correct(morning, "  ")).rejects.toThrow("needs its reason");
});
