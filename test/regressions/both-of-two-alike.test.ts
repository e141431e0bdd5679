import { expect, test } from "vitest";
import { release } from "#actions/deliveries.ts";
import { openMorning } from "../support/morning.ts";

test("of two pictures that are the same although they should differ, the one that is written already is held back, too", {
  timeout: 90_000,
}, async () => {
  const people = "email,name,region\nanna@example.com,Anna,North\nben@example.com,Ben,South\n";
  await using morning = await openMorning({ people });
  const { app, pool } = morning;
  const states = async (): Promise<readonly string[]> =>
    (await morning.deliveries()).toSorted((a, b) => Number(a.id) - Number(b.id)).map(({ state }) => state);
  await morning.makeDue();
  const drawing = morning.begin(["tick", "render"]);
  await expect.poll(states, { timeout: 40_000 }).toEqual(["drawn", "drawn"]);
  await drawing.stop();
  const [first, second] = (await morning.deliveries()).toSorted((a, b) => Number(a.id) - Number(b.id));
  if (first === undefined || second === undefined) return expect.fail("two deliveries were due");
  const later = "update deliveries set not_before = now() + interval '1 hour' where id = $1";
  await pool.query(later, [second.id]);
  const writing = morning.begin(["write"]);
  await expect.poll(states, { timeout: 40_000 }).toEqual(["composed", "drawn"]);
  // The server mixed them up: Ben's picture is Anna's.
  const renderOf = "select render_id from delivery_parts where delivery_id";
  await pool.query(
    `update artifacts set sha256 = (select sha256 from artifacts where format = 'png' and render_id = (${renderOf} = $1))
     where format = 'png' and render_id = (${renderOf} = $2)`,
    [first.id, second.id],
  );
  await pool.query("update deliveries set not_before = null where id = $1", [second.id]);
  await expect.poll(states, { timeout: 40_000 }).toEqual(["quarantined", "quarantined"]);
  expect((await morning.deliveries()).map(({ reason }) => reason)).toEqual([
    expect.stringContaining("byte for byte the same"),
    expect.stringContaining("byte for byte the same"),
  ]);
  await writing.stop();
  // What an operator has seen and released goes out.
  await release({ id: first.id, by: "test", reason: "seen by hand" }, app);
  const sending = morning.begin(["write", "send"]);
  await expect.poll(states, { timeout: 40_000 }).toEqual(["sent", "quarantined"]);
  await sending.stop();
});
