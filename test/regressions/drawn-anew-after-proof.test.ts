import { expect, test } from "vitest";
import { proveDelivery } from "#proof/run.ts";
import { viewOf } from "#render/plan.ts";
import { moveDelivery } from "#store/deliveries.ts";
import { drawAgain } from "#store/renders.ts";
import { openMorning } from "../support/morning.ts";

test("a picture that was drawn anew after its proof is proven again before it is written into an email", {
  timeout: 90_000,
}, async () => {
  await using morning = await openMorning({ people: "email,name,region\nanna@example.com,Anna,North\n" });
  const { app, pool } = morning;
  await morning.makeDue();
  const drawing = morning.begin(["tick", "render"]);
  const drawn = await expect
    .poll(async () => (await morning.deliveries()).find(({ state }) => state === "drawn"), { timeout: 40_000 })
    .toBeDefined()
    .then(async () => (await morning.deliveries())[0] ?? expect.fail("no delivery"));
  await drawing.stop();
  const known = await app.parts.reportOf(drawn);
  const judged = await proveDelivery(drawn, (part) => viewOf(part, known.report).report, pool);
  expect(judged.outcome).toBe("proven");
  await moveDelivery(pool, { id: drawn.id, from: "drawn", to: "proven" });
  // Now somebody who shares the picture has it drawn anew, and the server ignores the filter.
  morning.sample.misbehave({ kind: "filter-ignored" });
  await drawAgain(pool, drawn.id);
  const rest = morning.begin(["render", "write", "send"]);
  await expect
    .poll(async () => (await morning.deliveries())[0]?.state, { timeout: 60_000 })
    .not.toMatch(/planned|proven|drawn/);
  await rest.stop();
  expect((await morning.deliveries())[0]?.state).toBe("quarantined");
  expect(await morning.emails()).toEqual([]);
});
