import { expect, test } from "vitest";
import { Temporal } from "#model/time.ts";
import { lastSentFacts } from "#store/deliveries.ts";
import { freshDatabase } from "../support/database.ts";
import { allDeliveries } from "../support/morning.ts";
import { openReady } from "../support/ready-slot.ts";

/** What was sent to these zones at these times: the figures are the place in the list. Whom the next delivery of 07:00 in its zone is compared with. */
const comparedWith = async (zone: string, sent: readonly (readonly [zone: string, nominal: string])[]) => {
  const { database, pool, fix } = await openReady();
  await using _ = database;
  expect(await fix()).toBe(true);
  await pool.query("insert into moves (noun, source, target) values ('deliveries', 'planned', 'sent')");
  for (const [at, [own, nominal]] of sent.entries()) {
    const values = [String(at + 1), JSON.stringify([{ at }]), nominal, own];
    await pool.query(
      "update deliveries set state = 'sent', facts = $2, nominal = $3, zone = $4 where recipient_name = $1",
      values,
    );
  }
  const planned = (await allDeliveries(pool)).find((one) => one.state === "planned") ?? expect.fail();
  const nominal = Temporal.ZonedDateTime.from(`2026-11-20T07:00[${zone}]`).toInstant();
  return await lastSentFacts(pool, { ...planned, zone, nominal });
};

test("figures are compared with those of a day before, whatever the zones of those who got them", async () => {
  const berlin = "Europe/Berlin";
  const west = "America/Los_Angeles";
  const sent = [
    [berlin, "2026-11-20T06:00:00Z"],
    ["Asia/Tokyo", "2026-11-19T22:00:00Z"],
    [west, "2026-11-19T15:00:00Z"],
    [berlin, "2026-11-19T06:00:00Z"],
  ] as const;
  // In the west the editions of Tokyo and Berlin are hours old, and of the same day.
  expect(await comparedWith(west, sent)).toEqual({ facts: [{ at: 2 }], date: "2026-11-19" });
  expect(await comparedWith(berlin, sent)).toEqual({ facts: [{ at: 2 }], date: "2026-11-19" });
  expect(await comparedWith(berlin, sent.slice(0, 2))).toBe(null);
});

test("a zone that the database doesn't know keeps nobody's last figures from anybody", async () => {
  const zone = "US/Pacific-New";
  await using database = await freshDatabase();
  await expect(database.pool.query("select now() at time zone $1", [zone])).rejects.toThrow(zone);
  expect(await comparedWith("Europe/Berlin", [[zone, "2026-11-19T06:00:00Z"]])).toEqual({
    facts: [{ at: 0 }],
    date: "2026-11-18",
  });
});
