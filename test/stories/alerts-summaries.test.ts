import { expect, test } from "vitest";
import { stop } from "#actions/stop.ts";
import { recentSlots } from "#store/slots.ts";
import { type Morning, openMorning } from "../support/morning.ts";

const report = { owner: "owner@example.com" };
const people = `email,name,region,zone
anna@example.com,Anna,North,Europe/Berlin
ben@example.com,Ben,North,Europe/Paris
cleo@example.com,Cleo,North,Africa/Lagos
`;

const summaries = async ({ emails }: Morning) => (await emails()).filter(({ to }) => to.includes("owner@example.com"));

const until = async (isSo: () => Promise<boolean>): Promise<void> => {
  const end = performance.now() + 60_000;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error("it never became so");
    await new Promise((done) => setTimeout(done, 25));
  }
};

test("people of several zones are one morning to the owner: one summary tells of all of them", async () => {
  await using morning = await openMorning({ people, report });
  await morning.makeDue();
  const work = morning.begin();
  await morning.closed();
  await until(async () => (await summaries(morning)).length > 0);
  await until(async () => {
    const { rows } = await morning.pool.query("select 1 from slots where summarized_at is null");
    return rows.length === 0;
  });
  await work.stop();
  const [summary, ...others] = await summaries(morning);
  expect(others).toEqual([]);
  expect(summary?.subject).toMatch(/^✓ 3 sent · Daily Sales, .*\+.*\+/);
});

test("a slot of the morning that stays open holds the summary of the others back for an hour at most", async () => {
  await using morning = await openMorning({ people, report });
  await morning.makeDue();
  // As one that waits for its data.
  await morning.pool.query("update slots set due = due + interval '30 minutes' where zone = 'Africa/Lagos'");
  const work = morning.begin();
  await until(
    async () => (await recentSlots(morning.pool, 9)).filter(({ slot }) => slot.state === "closed").length === 2,
  );
  await until(async () => !(await morning.deliveries()).some(({ state }) => state !== "sent"));
  expect(await summaries(morning)).toEqual([]);
  const open = (await recentSlots(morning.pool, 9)).find(({ slot }) => slot.state !== "closed")?.slot.id ?? "";
  await stop({ target: open, by: "test", reason: "not today" }, morning.app);
  await until(async () => (await summaries(morning)).length === 1);
  await work.stop();
  expect((await summaries(morning))[0]?.subject).toMatch(/^✓ 2 sent/);
});
