import { expect, test } from "vitest";
import { setBack } from "#compose/hold.ts";
import { Fault } from "#model/fault.ts";
import { deliveryById } from "#store/deliveries.ts";
import { keptLog } from "../support/kept-log.ts";
import { openPosting } from "../support/posting.ts";

const folder = {
  name: "folder",
  send: async () => Promise.reject(new Error("nothing is sent here")),
  close: async () => {},
};

test("an email whose commit the database lost while it was written is written again, and hasn't failed", async () => {
  await using place = await openPosting(folder as never);
  const { pool, clock } = place;
  const id = await place.compose("one");
  const { rows } = await pool.query(
    `insert into deliveries (occasion, report, version, recipient_id, recipient_name, envelope, filters, filters_key, formats, locale, zone,
       nominal, expires_at, trial, state)
     select 'asked', report, version, recipient_id, recipient_name, envelope, filters, filters_key, formats, locale, zone, nominal, expires_at,
       trial, 'planned' from deliveries where id = $1 returning id`,
    [id],
  );
  const written = String(rows[0]?.["id"]);
  await pool.query("update deliveries set state = 'drawn' where id = $1", [written]);
  const delivery = await place.delivery(written);
  const lost = new Fault("store.unreachable", "The database went away during a commit", { hint: "", retry: "unknown" });
  await setBack(delivery, lost, { pool, clock, log: keptLog() });
  expect(await deliveryById(pool, written)).toMatchObject({ state: "drawn", reason: null });
});
