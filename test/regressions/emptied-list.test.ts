import { expect, test } from "vitest";
import { recentSlots } from "#store/slots.ts";
import { openMorning } from "../support/morning.ts";

const people = "email,name,region\nanna@example.com,Anna,North\nben@example.com,Ben,South\n";

test("a list that names nobody any more is told and stops the slot, and takes nobody for having left", async () => {
  await using morning = await openMorning({ people });
  await morning.live();
  await morning.writePeople("email,name,region\n");
  await morning.pool.query(
    `insert into slots (report, version, schedule, zone, nominal, due, expires_at, state)
      select report, version, schedule, zone, nominal + interval '1 day', now(), now() + interval '12 hours', 'due' from slots`,
  );
  const told = morning.log.next("alert.critical", ({ key }) => key === "audience:daily-sales");
  const work = morning.begin();
  expect(JSON.stringify((await told).fields)).toContain("names nobody any more; before it named 2 people");
  const { rows } = await morning.pool.query("select count(*)::int as n from recipients where active");
  expect(rows).toEqual([{ n: 2 }]);
  expect((await recentSlots(morning.pool, 1))[0]?.slot.state).toBe("ready");
  await morning.writePeople(people);
  await morning.closed();
  await work.stop();
  expect((await morning.deliveries()).map(({ state }) => state)).toEqual(["sent", "sent", "sent", "sent"]);
});
