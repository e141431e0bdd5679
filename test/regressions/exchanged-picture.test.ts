import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openMorning, untilAll } from "../support/morning.ts";

const people = "email,name,region\nanna@example.com,Anna,North\nben@example.com,Ben,South\n";

test("a picture that is another's by the time it is written into an email isn't sent, and whose it was is told", async () => {
  await using morning = await openMorning({ people, report: { formats: ["png"] } });
  await morning.makeDue();
  const drawing = morning.begin(["tick", "render"]);
  await untilAll(morning, "drawn");
  await drawing.stop();
  const { rows } = await morning.pool.query(
    "select a.path, r.request #>> '{filters,Region,0}' as region from artifacts a join renders r on r.id = a.render_id where a.format = 'png' order by region",
  );
  const [north, south] = rows.map((row) => join(morning.dir, "home", "artifacts", String(row["path"])));
  await copyFile(north ?? "", south ?? "");
  const sending = morning.begin();
  await morning.closed();
  await sending.stop();
  expect((await morning.emails()).flatMap(({ to }) => to)).toEqual(["anna@example.com"]);
  expect(await morning.deliveries()).toMatchObject([
    { recipientName: "Anna", state: "sent" },
    {
      recipientName: "Ben",
      state: "failed",
      reason: expect.stringMatching(/not in the artifact folder as it was drawn/),
    },
  ]);
});
