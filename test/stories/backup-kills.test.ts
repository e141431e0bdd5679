import {
  GetObjectCommand,
  type GetObjectCommandOutput,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
} from "@aws-sdk/client-s3";
import { expect, test, vi } from "vitest";
import { Temporal } from "#model/time.ts";
import { type Contents, contentsOfFolder, judge, type Keeper, openKeeper } from "../support/keeper.ts";
import { describeS3, type S3Server } from "../support/s3.ts";

const isLong = process.env["DAYBREAK_LONG"] === "1";

vi.setConfig({ testTimeout: isLong ? 3_600_000 : 300_000 });

/** Every point between two effects of a run, in the order in which it passes them. */
const points = [
  "backup:producing",
  "backup:produced",
  "upload:begun",
  "upload:part-sent",
  "upload:part",
  "upload:part#2",
  "upload:part#3",
  "upload:before-complete",
  "upload:completed",
  "backup:before-manifest",
  "backup:manifest",
  "backup:verifying",
  "backup:read-back",
  "backup:verified",
  "prune:listed",
  "prune:planned",
  "prune:removing",
  "prune:removed",
  "prune:manifests",
  "backup:before-done",
];

/** Those at which what S3 does may differ from what a folder does. */
const pointsOfBuckets = points.filter(
  (point) => !["backup:producing", "backup:produced", "prune:listed"].includes(point),
);

/** Where archives go, how large they are, and how many days are kept. */
interface Yard {
  readonly keeper: Keeper;
  readonly contents: () => Promise<Contents>;
  readonly bytes: number;
  readonly kept: number;
  /** What has been made: SHA-256 by date. */
  readonly made: Map<string, string>;
}

const firstDay = Temporal.PlainDate.from("2024-01-01");
const dateOf = (day: number): string => firstDay.add({ days: day }).toString();

const begin = async ({ keeper, made, bytes }: Yard): Promise<string> => {
  const date = dateOf(made.size);
  made.set(date, await keeper.writeSource(bytes));
  await keeper.makeDue(date);
  return date;
};

/** Of the newest dates, how many are owed. */
const owed = ({ made }: Yard, { but, count }: { readonly but?: string; readonly count: number }) =>
  new Map([...made].filter(([date]) => date !== but).slice(-count));

/** What was seen over all kills. */
interface Found {
  lost: number;
  wrong: number;
  openUploads: number;
  kills: number;
  resumed: number;
  sentTwice: number;
}

/** A run whose process was killed, and how many bytes of it were written down as sent. */
interface Cut {
  readonly date: string;
  readonly recorded: number;
}

/** Lets a process bring the run of the last kill to its end, and counts what it sent once more. */
const recover = async (
  yard: Yard,
  by: ReturnType<Keeper["start"]>,
  { cut, found }: { readonly cut: Cut; readonly found: Found },
) => {
  expect(await yard.keeper.ended(cut.date)).toMatchObject({ state: "done" });
  const uploaded = by.said.find(({ event }) => event === "backup.uploaded");
  if (cut.recorded > 0 && uploaded !== undefined) {
    found.resumed += 1;
    // What was recorded as sent is the bucket's already.
    found.sentTwice += Math.max(0, Number(uploaded["sentBytes"]) - (yard.bytes - cut.recorded));
  }
  const judged = await judge(await yard.contents(), owed(yard, { count: yard.kept }));
  found.openUploads += judged.openUploads;
  expect(judged, `after ${cut.date}`).toEqual({ lost: [], wrong: [], openUploads: 0 });
};

/** Kills a process at each point, as often as there are rounds; each is followed by one that brings its run to the end. */
const killAtAll = async (yard: Yard, where: readonly string[], rounds: number): Promise<Found> => {
  const { keeper, contents, kept } = yard;
  const found: Found = { lost: 0, wrong: 0, openUploads: 0, kills: 0, resumed: 0, sentTwice: 0 };
  const fill = keeper.start();
  // So many that each further one lets the oldest go.
  for (let n = 0; n < kept; n += 1) expect((await keeper.ended(await begin(yard))).reason).toBeNull();
  await fill.kill();
  let cut: Cut | null = null;
  for (const point of Array.from({ length: rounds }, () => where).flat()) {
    const process = keeper.start(point);
    await process.has("started");
    if (cut !== null) await recover(yard, process, { cut, found });
    const date = await begin(yard);
    await process.has("halted");
    await process.kill();
    cut = { date, recorded: await keeper.recordedBytes(date) };
    found.kills += 1;
    const judged = await judge(await contents(), owed(yard, { but: date, count: kept - 1 }));
    found.lost += judged.lost.length;
    found.wrong += judged.wrong.length;
  }
  const last = keeper.start();
  if (cut !== null) await recover(yard, last, { cut, found });
  await last.kill();
  return found;
};

const tell = (what: string, { lost, wrong, openUploads, kills, resumed, sentTwice }: Found): void =>
  console.log(
    `${what}: lost / wrong / open uploads / N: ${lost} / ${wrong} / ${openUploads} / ${kills}; ${resumed} uploads resumed, ${sentTwice} bytes sent twice`,
  );

test("whoever is killed at whatever point, no proven archive is lost, none is wrong, nothing is left open, and what was sent is not sent again", async () => {
  const [bytes, kept] = [160 * 1024, 14];
  await using keeper = await openKeeper({ days: kept, partBytes: 64 * 1024 });
  const contents = () => contentsOfFolder(keeper.dir);
  const rounds = isLong ? 20 : 3;
  const found = await killAtAll({ keeper, contents, bytes, kept, made: new Map() }, points, rounds);
  tell("backups killed into a folder", found);
  expect(found).toMatchObject({ lost: 0, wrong: 0, openUploads: 0, kills: rounds * points.length, sentTwice: 0 });
  expect(found.resumed).toBeGreaterThanOrEqual(rounds * 4);
});

/** Past our own adapter: what the server tells the vendor's client. */
const contentsOfS3 = async ({ client }: S3Server, Bucket: string): Promise<Contents> => {
  const { Contents: objects = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
  const { Uploads: uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }));
  const read = async (Key: string): Promise<Uint8Array | null> => {
    const got: GetObjectCommandOutput | null = await client
      .send(new GetObjectCommand({ Bucket, Key }))
      .catch(() => null);
    return (await got?.Body?.transformToByteArray()) ?? null;
  };
  return { keys: objects.flatMap(({ Key }) => Key ?? []), read, openUploads: uploads.length };
};

await describeS3("backups killed into S3", (s3) => {
  test("the same is true of a real S3 server, judged by its own listing", async () => {
    // S3 takes no parts below 5 MiB but the last.
    const partBytes = 5 * 1024 * 1024;
    const bucket = await s3.freshBucket();
    const kept = 3;
    await using keeper = await openKeeper({ place: s3.place(bucket), days: kept, partBytes });
    const contents = () => contentsOfS3(s3, bucket);
    const yard = { keeper, contents, bytes: 2 * partBytes + 1_000_000, kept, made: new Map<string, string>() };
    const rounds = isLong ? 20 : 1;
    const found = await killAtAll(yard, pointsOfBuckets, rounds);
    tell("backups killed into S3", found);
    expect(found).toMatchObject({
      lost: 0,
      wrong: 0,
      openUploads: 0,
      kills: rounds * pointsOfBuckets.length,
      sentTwice: 0,
    });
  });
});
