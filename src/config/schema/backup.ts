import { z } from "zod";
import { choice, duration, line, list, milliseconds, section, size, text, whole, zone } from "#config/schema/values.ts";

const dayUnits = { d: 1, w: 7, y: 365 } as const;

/** `14d`, `26w`, `7y` → days; `none` → 0. */
const daysOf = (written: string): number | undefined => {
  if (written === "none") return 0;
  const [, amount, unit] = /^(\d{1,5}) ?([dwy])$/.exec(written) ?? [];
  if (amount === undefined) return undefined;
  const days = Number(amount) * dayUnits[unit as keyof typeof dayUnits];
  return days >= 1 && days <= 36_500 ? days : undefined;
};

const period = (message: string, read: (written: string) => number | undefined) =>
  z.string({ error: message }).transform((written, ctx): number => {
    const days = read(written.trim());
    if (days !== undefined) return days;
    ctx.issues.push({ code: "custom", message, input: written });
    return z.NEVER;
  });

const days = () => period("must be a number of days; write one such as 14d, 26w or 7y, or none", daysOf);

/** Archives of months are kept for ever, which no number says. */
const FOREVER = -1;

const monthsDays = () =>
  period("must be a number of days; write forever, or one such as 365d or 7y, or none", (written) =>
    written === "forever" ? FOREVER : daysOf(written),
  ).transform((read) => (read === FOREVER ? null : read));

/** The days of the week, in the order of ISO 8601. */
export const weekdays = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] as const;

const keep = section({
  daily: days().prefault("14d").describe("How long the archive of each day stays: 14d, or none."),
  weekly: days().prefault("180d").describe("How long one archive of each week stays: 180d, 26w, or none."),
  weekday: choice(weekdays).prefault("sunday").describe("The day whose archive stays for its week."),
  monthly: monthsDays().prefault("forever").describe("How long one archive of each month stays: forever, 7y, or none."),
  monthDay: whole(1, 28).prefault(1).describe("The day of the month whose archive stays for its month."),
});

const commandKind = "a command, or a list of its words";

const command = () => z.union([line(commandKind), list(text("a word of the command"), "words")]);

const word = () => line("a word");

const producers = {
  tableau: section({
    tsm: line("a path").optional().describe("Path of tsm. Default: tsm, as the machine finds it."),
    dir: line("a folder").optional().describe("Folder where tsm puts archives. Default: asked of tsm."),
    multithreaded: z
      .boolean({ error: "must be true or false; write one of these" })
      .prefault(false)
      .describe("Uses more cores of the server: faster, and felt by its readers."),
    flags: list(word(), "words").optional().describe("Further words for tsm maintenance backup."),
  })
    .optional()
    .describe("Makes a backup of Tableau Server by tsm, with its settings beside it."),
  postgres: z
    .union([
      line("own, a Postgres address, or a section with url"),
      section({
        url: line("own, or a Postgres address")
          .optional()
          .describe("Its address by a variable, or own for Daybreak's."),
        pgDump: line("a path").optional().describe("Path of pg_dump. Default: the one that the machine finds."),
        flags: list(word(), "words").optional().describe("Further words for pg_dump: --exclude-table-data=logs."),
      }),
    ])
    .optional()
    .describe(`Makes a dump of a Postgres database: \${SUPERSET_DB}, or own for Daybreak's.`),
  sqlite: line("a file").optional().describe("Copies an SQLite database while it is in use: its file."),
  folder: z
    .union([
      line("a folder, or a section with dir"),
      section({
        dir: line("a folder").optional().describe("The folder, from this file's."),
        exclude: list(line("a pattern"), "patterns")
          .optional()
          .describe("Paths below it to leave out: cache/**, *.log."),
      }),
    ])
    .optional()
    .describe("Packs a folder as tar with zstd."),
  command: z
    .union([
      line(`${commandKind}, or a section with run`),
      list(text("a word of the command"), "words"),
      section({
        run: command().optional().describe("A line for the machine's shell, or a list of words that no shell sees."),
        file: line("a file")
          .optional()
          .describe("The file that it writes. Default: its standard output is the archive."),
        extension: line("an extension").optional().describe("Extension of the archive. Default: the file's, or bin."),
        begins: line("a text").optional().describe("What a good archive begins with, where the extension can't tell."),
      }),
    ])
    .optional()
    .describe("Runs any command that writes a file or its standard output."),
};

const drill = z.union([
  line("off, a schedule, or a section with at and check"),
  section({
    at: line("a schedule").prefault("sunday 05:00").describe("When it is rehearsed: sunday 05:00, or off."),
    check: command()
      .optional()
      .describe("Command that judges the restored file, which is its last word ($1): pg_restore --list."),
    timeout: duration().prefault("6h").describe("Longest time for one rehearsal."),
  }),
]);

const backup = section({
  ...producers,
  at: line("a schedule such as daily 02:00").optional().describe("When it is made: daily 02:00, or a cron expression."),
  zone: zone()
    .optional()
    .describe("Time zone of its times and of the dates in file names. Default: the top-level zone."),
  catchUp: duration().prefault("24h").describe("How long after its time a missed one is still made."),
  host: line("a machine's name").optional().describe("Machine that makes it. Default: any with the role backup."),
  to: line("s3://bucket/path or file:FOLDER")
    .optional()
    .describe("Where archives go: s3://bucket/path or file:FOLDER. Default: file:<home>/backups."),
  root: line("the first part of file names").optional().describe("First part of file names. Default: its name."),
  keep: keep.prefault({}).describe("How long archives are kept; the three newest always are."),
  keepLocal: whole(0, 1000)
    .prefault(1)
    .describe("Archives of tsm or a command that stay on the disk where they are made."),
  scratch: line("a folder").optional().describe("Folder with room in which it is made. Default: <home>/scratch."),
  timeout: duration().prefault("6h").describe("Longest time for making one; then all that it started is ended."),
  verify: choice(["read-back", "head"])
    .prefault("read-back")
    .describe("Reads all of it back after the upload; head only asks for it, and proves nothing."),
  reread: z
    .union([z.literal("off"), size()])
    .prefault("5GB")
    .describe("Bytes of older archives that are read again each day; or off."),
  drill: drill.prefault("sunday 05:00").describe("Rehearsal of a restore: its schedule, a section, or off."),
  encryptTo: z
    .union([line("a public key of age"), list(line("a public key of age"), "public keys")])
    .optional()
    .describe("Public keys of age that can read it; the private one stays elsewhere."),
  ping: line("a web address").optional().describe(`Address that is called after each good one: \${PING_URL}.`),
});

/** Unlike other names this one may hold spaces: files are named by `root`. */
const names = z.string().regex(/^[\p{L}\p{N}](?:[\p{L}\p{M}\p{N} _-]{0,58}[\p{L}\p{M}\p{N}_-])?$/u, {
  error: "is no name for a backup; use letters, digits, spaces and hyphens, a letter or digit first, at most 60",
});

/** `backups`: what is kept, by name. */
export const backups = () => z.record(names, backup).prefault({});

const lock = section({
  mode: choice(["governance", "compliance"]).prefault("governance").describe("Whether an administrator may end it."),
  days: whole(1, 36_500).optional().describe("For how many days nobody can remove an archive."),
});

const bucket = section({
  bucket: line("a bucket's name")
    .optional()
    .describe("The bucket, where it is called differently here. Default: the same."),
  endpoint: line("a web address").optional().describe("Address of a server that speaks S3. Default: Amazon's."),
  region: line("a region").optional().describe("Its region. Default: AWS_REGION, else us-east-1."),
  pathStyle: z
    .boolean({ error: "must be true or false; write one of these" })
    .optional()
    .describe("Bucket in the path in place of the host's name. Default: true with an endpoint."),
  checksums: choice(["auto", "required", "off"])
    .prefault("auto")
    .describe("Checksums that are sent along; off for servers that stumble over them."),
  storageClass: line("a storage class").optional().describe("Storage class of new objects: STANDARD_IA."),
  encryption: z
    .union([z.literal("s3"), section({ kms: line("a key").optional().describe("Key of KMS: its id, alias or ARN.") })])
    .optional()
    .describe("Encryption by the server: s3, or a section with kms."),
  lock: lock.optional().describe("Object Lock on new archives."),
  connectionTimeoutMs: milliseconds().prefault(10_000).describe("Longest time for a connection."),
  requestTimeoutMs: milliseconds().prefault(120_000).describe("Longest time for one request."),
  retryFor: duration().prefault("30m").describe("How long one part is tried again before the upload is given up."),
});

/** A bucket that the file says nothing of. */
export const plainBucket = () => bucket.parse({});

const bucketNames = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{1,62}$/, {
  error: "is no name for a bucket; use letters, digits, dots and hyphens, as in s3://NAME",
});

/** `buckets`: how a bucket named in `s3://NAME/…` is reached. */
export const buckets = () => z.record(bucketNames, bucket).prefault({});

const artifacts = section({
  to: line("s3://bucket/path or file:FOLDER")
    .optional()
    .describe("Where they lie: file:FOLDER or s3://bucket/path. Default: file:<home>/artifacts."),
  shared: z
    .boolean({ error: "must be true or false; write one of these" })
    .optional()
    .describe("Whether other machines of this installation see the same. Default: true for s3."),
});

/** `artifacts`: where drawn pictures and files lie. */
export const drawnFiles = () => artifacts.prefault({});
