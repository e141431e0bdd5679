import { join } from "node:path";
import sharp from "sharp";
import { expect, test, vi } from "vitest";
import { changeMode } from "#actions/live.ts";
import { openApp } from "#app.ts";
import { Temporal } from "#model/time.ts";
import type { Pool } from "#store/pool.ts";
import { recentSlots } from "#store/slots.ts";
import { runningClock } from "../support/clock.ts";
import { noSmallDisk, smallDisk } from "../support/disks.ts";
import { keptLog } from "../support/kept-log.ts";
import { lineOfRow, linesOf } from "../support/ledger.ts";
import {
  allDeliveries,
  allRoles,
  type Morning,
  makeAllDue,
  openMorning,
  openPlace,
  usualDay,
} from "../support/morning.ts";
import { type Email, emailsIn, fileWith, rowsOf } from "../support/outbox.ts";

const regions = { anna: "North", ben: "South", cara: "East", dora: "West" } as const;
const names = Object.keys(regions) as readonly (keyof typeof regions)[];
const people = ["email,name,region", ...names.map((name) => `${name}@example.com,${name},${regions[name]}`)].join("\n");

const openAlerts = async ({ pool }: Morning): Promise<readonly string[]> =>
  (await pool.query("select key from alerts where recovered_at is null order by key")).rows.map(({ key }) =>
    String(key),
  );

const statesOf = async (morning: Morning): Promise<readonly string[]> =>
  [...new Set((await morning.deliveries()).map(({ state }) => state))].filter((state) => state !== "sent");

const isWhole = async (email: Email): Promise<boolean> => {
  const name = names.find((one) => email.to.includes(`${one}@example.com`)) ?? expect.fail("a stranger");
  const picture = await sharp(fileWith(email, "png").bytes)
    .stats()
    .catch(() => null);
  const lines = rowsOf(fileWith(email, "csv").bytes).map(lineOfRow).sort();
  return picture !== null && JSON.stringify(lines) === JSON.stringify(linesOf(usualDay, { Region: [regions[name]] }));
};

const again = { timeout: 60_000, interval: 500 };
const soon = { timeout: 60_000, interval: 50 };

test("a disk that is full while it draws, writes or sends costs nobody an email, and nothing cut off leaves", async ({
  skip,
}) => {
  await using morning = await openMorning({
    people,
    config: { artifacts: { to: "file:disk/artifacts" }, mail: { from: "bi@example.com", via: "folder:disk/outbox" } },
  });
  using disk = smallDisk(join(morning.dir, "disk"), 4_096);
  if (disk === null) return skip(noSmallDisk);
  const key = expect.stringMatching(/^disk:/);
  const stages = [
    { day: 1, before: [], state: "planned" },
    { day: 2, before: ["tick", "render"], state: "drawn" },
    { day: 3, before: ["tick", "render", "write"], state: "composed" },
  ] as const;
  let went = 0;
  for (const { day, before, state } of stages) {
    await morning.makeDue(`2026-11-2${day - 1}T06:00:00Z`);
    if (before.length > 0) {
      const ahead = morning.begin(before);
      await vi.waitFor(async () => expect(await statesOf(morning)).toEqual([state]), soon).finally(() => ahead.stop());
    }
    await disk.fill();
    const told = morning.log.troubles().length;
    const work = morning.begin();
    try {
      await vi.waitFor(async () => expect(await openAlerts(morning)).toContainEqual(key), soon);
      await vi.waitFor(
        () =>
          expect(
            morning.log
              .troubles()
              .slice(told)
              .some((line) => /disk is full|no space/i.test(line)),
          ).toBe(true),
        soon,
      );
      // Whatever was tried meanwhile, nobody got anything that isn't whole, and nobody was given up.
      expect((await emailsIn(join(morning.dir, "disk", "outbox"))).length).toBeGreaterThanOrEqual(went);
      expect(
        (await morning.deliveries()).filter((one) => ["failed", "uncertain", "expired"].includes(one.state)),
      ).toEqual([]);
      await disk.free();
      await vi.waitFor(async () => {
        // What was put off for half a minute comes at once.
        morning.clock.move(60_000);
        work.ring();
        expect(await statesOf(morning)).toEqual([]);
        expect(await openAlerts(morning)).not.toContainEqual(key);
      }, again);
    } finally {
      await work.stop();
    }
    went += names.length;
  }
  const emails = await emailsIn(join(morning.dir, "disk", "outbox"));
  const whole = await Promise.all(emails.map(isWhole));
  const cut = whole.filter((one) => !one).length;
  const doubled = emails.length - new Set(emails.map(({ messageId }) => messageId)).size;
  console.log(
    `disk full while drawing, writing, sending: cut off / lost / duplicates / uncertain / N: ${cut} / ${went - emails.length} / ${doubled} / 0 / ${went}`,
  );
  expect([cut, doubled, emails.length]).toEqual([0, 0, went]);
});

test("a database whose disk is full loses nothing and doubles nothing: the daemon lives, and goes on when there is room", async ({
  skip,
}) => {
  await using place = await openPlace({
    people,
    embedded: true,
    config: { mail: { from: "bi@example.com", via: "folder:outbox" } },
  });
  using disk = smallDisk(join(place.dir, "home", "postgres"), 204_800);
  if (disk === null) return skip(noSmallDisk);
  const log = keptLog();
  const clock = runningClock();
  await using app = await openApp(await place.config(), { log, clock });
  await changeMode({ report: "daily-sales", mode: "live", by: "test" }, app);
  await makeAllDue(app, Temporal.Instant.from("2026-11-20T06:00:00Z"));
  const work = app.work({ roles: allRoles, occasion: null });
  try {
    await log.next("render.ready");
    await disk.fill();
    // Whatever of it still fits into what Postgres has set aside: a table that grows doesn't.
    await expect(fillTable(app.pool)).rejects.toMatchObject({ code: "store.unreachable" });
    await disk.free();
    await vi.waitFor(async () => {
      clock.move(20_000);
      work.ring();
      const open = (await recentSlots(app.pool, 10)).filter(({ slot }) => slot.state !== "closed");
      expect(open).toEqual([]);
    }, again);
  } finally {
    await work.stop();
  }
  const emails = await place.emails();
  const cut = (await Promise.all(emails.map(isWhole))).filter((one) => !one).length;
  const doubled = emails.length - new Set(emails.map(({ messageId }) => messageId)).size;
  const uncertain = (await allDeliveries(app.pool)).filter(({ state }) => state === "uncertain").length;
  const lost = names.length - emails.length;
  console.log(
    `the database's disk full: cut off / lost / duplicates / uncertain / N: ${cut} / ${lost} / ${doubled} / ${uncertain} / ${names.length}`,
  );
  expect([cut, lost, doubled, uncertain]).toEqual([0, 0, 0, 0]);
});

const fillTable = async (pool: Pool): Promise<void> => {
  await pool.query("create table filling (words text)");
  for (let n = 0; n < 100; n += 1) {
    await pool.query("insert into filling select repeat(md5(n::text), 30) from generate_series(1, 2000) n");
  }
};
