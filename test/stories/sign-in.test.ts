import sharp from "sharp";
import { expect, test } from "vitest";
import { lineOfRow, linesOf } from "../support/ledger.ts";
import { openMorning, usualDay } from "../support/morning.ts";
import { fileWith, only, rowsOf } from "../support/outbox.ts";

const regions = ["North", "South", "East", "West", "日本"];
const people = ["email,name,region", ...regions.map((region, n) => `p${n}@example.com,Person ${n},${region}`)].join(
  "\n",
);

test("a sign-in that ends in the middle is renewed: all get their own figures, nobody the sign-in page", async () => {
  await using morning = await openMorning({ people, limits: { browsers: 1 } });
  // Once at the next page's own tiles, and once for everything between two pages.
  morning.sample.misbehave({ kind: "session-expires", times: 1, when: { Region: ["South"] } });
  await morning.makeDue();
  const second = morning.log.next("render.ready").then(() => morning.log.next("render.ready"));
  const work = morning.begin();
  await second;
  morning.sample.expireSessions();
  await morning.closed();
  await work.stop();

  expect(morning.log.of("server.signin-renewed").length).toBeGreaterThanOrEqual(2);
  // A drawing that was left behind on the same page would hold the next one up until its own time is over.
  expect(morning.log.of("render.ready").filter(({ fields }) => Number(fields["ms"]) > 15_000)).toEqual([]);
  const emails = await morning.emails();
  expect(emails).toHaveLength(regions.length);
  const pictures = new Set<string>();
  for (const [n, region] of regions.entries()) {
    const email = only(emails, `p${n}@example.com`);
    expect(rowsOf(fileWith(email, "csv").bytes).map(lineOfRow).sort()).toEqual(linesOf(usualDay, { Region: [region] }));
    const picture = fileWith(email, "png").bytes;
    pictures.add(picture.toString("base64"));
    // The sign-in page is no taller than the window, and a dashboard is.
    expect((await sharp(picture).metadata()).height).toBeGreaterThan(450);
  }
  expect(pictures.size).toBe(regions.length);
});
