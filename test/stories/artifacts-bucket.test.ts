import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import { expect, test, vi } from "vitest";
import { erasePerson, whoToErase } from "#actions/erase.ts";
import { erasureOf } from "#app/erase.ts";
import { refuseUnshared } from "#app/place.ts";
import { tidy, tidyPartsOf } from "#app/tidy.ts";
import { later } from "#model/time.ts";
import { emailsOf, judge, people } from "../support/crowd.ts";
import { startDaemon } from "../support/daemon.ts";
import { openMorning, untilClosed } from "../support/morning.ts";
import { describeS3 } from "../support/s3.ts";
import { startSink } from "../support/sink.ts";

const dayMs = 86_400_000;

await describeS3("artifacts in a bucket", (s3) => {
  const keysIn = async (bucket: string): Promise<readonly string[]> => {
    const { Contents = [] } = await s3.client.send(new ListObjectsV2Command({ Bucket: bucket }));
    return Contents.map(({ Key = "" }) => Key);
  };

  test("a drawer and a sender without a common folder make a morning over a bucket, and what is old or erased goes from it", async () => {
    await using sink = await startSink();
    const bucket = await s3.freshBucket();
    vi.stubEnv("DAYBREAK_S3_ACCESS_KEY_ID", s3.credentials.accessKeyId);
    vi.stubEnv("DAYBREAK_S3_SECRET_ACCESS_KEY", s3.credentials.secretAccessKey);
    await using morning = await openMorning({
      people,
      config: {
        mail: { from: "bi@example.com", via: sink.url },
        artifacts: { to: `s3://${bucket}/mornings/bi` },
        buckets: { [bucket]: { endpoint: s3.endpoint, region: s3.region } },
      },
    });
    await morning.makeDue();
    {
      await using drawer = startDaemon(morning, { roles: ["tick", "render"] });
      await using sender = startDaemon(morning, { roles: ["send"] });
      await untilClosed(morning.pool);
      expect(await Promise.all([drawer.stop(), sender.stop()])).toEqual([0, 0]);
    }
    judge("artifacts in a bucket", await emailsOf(sink), []);
    await mkdir(join(morning.dir, "home", "artifacts"), { recursive: true });
    expect(await readdir(join(morning.dir, "home", "artifacts"))).toEqual([]);
    const before = await keysIn(bucket);
    expect(before.filter((key) => !/^mornings\/bi\/(renders|messages)\/2026-11-20\//.test(key))).toEqual([]);

    const { app } = morning;
    const recipient = await whoToErase("r0n0@example.com", app.pool);
    const ask = { recipient, by: "test", isRehearsal: false };
    const erased = await erasePerson(ask, { ...app, ...erasureOf(app) });
    expect(before.length - (await keysIn(bucket)).length).toBe(erased.messages + erased.pictures);
    expect(erased.messages).toBe(1);
    const later91 = { now: later(app.clock.now(), 91 * dayMs), search: true, signal: AbortSignal.timeout(60_000) };
    expect(await tidy(tidyPartsOf(app), later91)).toMatchObject({ trouble: null });
    expect(await keysIn(bucket)).toEqual([]);
  });
});

test("two machines over one database are refused while artifacts lie in a folder that only one of them has", async () => {
  const mine = "email,name,region\nanna@example.com,Anna,North\n";
  await using morning = await openMorning({ people: mine });
  const elsewhere = (host: string, roles: string) =>
    morning.pool.query(
      `insert into workers (owner, host, pid, roles, servers, mailer) values ($1, $1, 1, $2, '{}', 'folder')`,
      [host, `{${roles}}`],
    );
  const { app } = morning;
  await elsewhere("backup-server", "backup");
  await refuseUnshared(app, ["tick", "render", "send"]);
  await elsewhere("other-machine", "render");
  await refuseUnshared(app, ["backup"]);
  const shared = { ...app, config: { ...app.config, artifacts: { ...app.config.artifacts, shared: true } } };
  await refuseUnshared(shared, ["send"]);
  await expect(refuseUnshared(app, ["send"])).rejects.toMatchObject({
    code: "bucket.unshared",
    message: expect.stringContaining("other-machine is at work on this database"),
    hint: expect.stringContaining("artifacts.shared: true"),
  });
  await using refused = startDaemon(morning, { roles: ["send"] });
  // It ends by itself.
  await refused.wrote(1, ["slot.made"]);
  expect(refused.lines.join("\n")).toContain("other-machine is at work on this database");
  expect(await refused.stop()).toBe(1);
  // One that is at work when the other comes says so, and says when it is over.
  const work = morning.begin(["send"]);
  const open = async () =>
    (await app.pool.query("select key from alerts where recovered_at is null and key like 'artifacts:%'")).rows;
  await vi.waitFor(async () => expect(await open()).toHaveLength(1), { timeout: 20_000 });
  await app.pool.query("delete from workers where host = 'other-machine'");
  await vi.waitFor(async () => expect(await open()).toEqual([]), { timeout: 20_000 }).finally(() => work.stop());
});
