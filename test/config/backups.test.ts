import { join } from "node:path";
import { expect, test } from "vitest";
import { explainConfig } from "#config/explain.ts";
import type { Backup } from "#model/backup.ts";
import { folder, load, mistakes } from "./support.ts";

const small = `backups:
  daybreak: { postgres: own, at: daily 02:00, to: "s3://company-backups/daybreak" }
  tableau:  { tableau: {}, at: daily 01:00, to: "s3://company-backups/tableau", host: bi-server-1 }
`;

/** One backup with these keys; its own line is the second. */
const one = (keys: string): string => `backups:\n  a: { ${keys} }\n`;

const first = async (yaml: string, env = {}): Promise<Backup> => {
  const [backup] = (await load(yaml, env)).backups;
  if (backup === undefined) throw new Error("no backup");
  return backup;
};

test("two lines make two backups, and a configuration of backups alone needs no report server", async () => {
  const config = await load(small, { DATABASE_URL: "postgres://db/daybreak", AWS_REGION: "eu-central-1" });
  expect(config.servers).toEqual([]);
  const [own, tableau] = config.backups;
  expect(own).toMatchObject({
    name: "daybreak",
    zone: "Europe/Berlin",
    host: null,
    producer: { kind: "postgres", url: null, pgDump: null, flags: [] },
    root: "daybreak",
    extension: "dump",
    place: { kind: "s3", bucket: "company-backups", prefix: "daybreak" },
    retention: { dailyDays: 14, weeklyDays: 180, weekday: 7, monthlyDays: null, monthDay: 1 },
    keepLocal: 1,
    produceTimeoutMs: 6 * 3_600_000,
    verify: "read-back",
    rereadBytesPerDay: 5 * 1024 ** 3,
    encryptTo: [],
    ping: null,
  });
  expect(own?.scratch).toBe(join(config.home, "scratch"));
  expect(own?.schedule).toMatchObject({ at: "daily 02:00", zone: "Europe/Berlin", catchUpWithinMs: 24 * 3_600_000 });
  expect(own?.read.expression.times).toEqual([120]);
  expect(own?.drill).toMatchObject({ schedule: { at: "sunday 05:00" }, check: null });
  expect(own?.place).toMatchObject({ settings: { endpoint: null, region: "eu-central-1", credentials: null } });
  expect(tableau).toMatchObject({ host: "bi-server-1", extension: "tsbak", producer: { kind: "tableau", tsm: "tsm" } });
});

test("Daybreak's own database is dumped by pg_dump where it is a server's, and as SQL where it is brought along", async () => {
  const yaml = one("postgres: own, at: daily 02:00");
  expect(await first(yaml)).toMatchObject({ producer: { kind: "own" }, extension: "sql.zst" });
  const withUrl = await first(yaml, { DATABASE_URL: "postgres://db/daybreak" });
  expect(withUrl).toMatchObject({ producer: { kind: "postgres", url: null }, extension: "dump" });
  const named = await first(one("postgres: { url: own, pgDump: pg_dump }, at: daily 02:00"));
  expect(named).toMatchObject({ producer: { kind: "postgres", url: null, pgDump: "pg_dump" } });
});

test("each producer becomes what the model says", async () => {
  const made = async (keys: string, env = {}) => {
    const { producer, extension } = await first(one(`${keys}, at: daily 02:00`), env);
    return { ...producer, extension };
  };
  expect(await made("postgres: '${META_DB}'", { META_DB: "postgres://me:s%3Ae@db/meta" })).toMatchObject({
    kind: "postgres",
    url: "postgres://me:s%3Ae@db/meta",
  });
  expect(await made("tableau: { multithreaded: true, flags: [--request-timeout, '9'] }")).toMatchObject({
    flags: ["--multithreaded", "--request-timeout", "9"],
    dir: null,
  });
  expect(await made("sqlite: /var/lib/grafana.db")).toMatchObject({ kind: "sqlite", file: "/var/lib/grafana.db" });
  expect(await made("folder: /srv/etl")).toEqual({
    kind: "folder",
    dir: "/srv/etl",
    exclude: [],
    extension: "tar.zst",
  });
  expect(await made("command: 'mysqldump crm | gzip'")).toEqual({
    kind: "command",
    run: { shell: "mysqldump crm | gzip" },
    file: null,
    begins: null,
    extension: "bin",
  });
  expect(await made("command: { run: [dump, a b], file: crm.sql.gz }")).toMatchObject({
    run: { words: ["dump", "a b"] },
    file: "crm.sql.gz",
    extension: "sql.gz",
  });
});

test("a name with umlauts and spaces gives file names of plain letters, unless a root is written", async () => {
  const yaml = `backups:
  Größe Süd: { sqlite: a.db, at: daily 02:00 }
  Übersicht: { sqlite: b.db, at: daily 02:00, root: Übersicht täglich }
`;
  expect((await load(yaml)).backups.map(({ name, root }) => [name, root])).toEqual([
    ["Größe Süd", "Groesse-Sued"],
    ["Übersicht", "Übersicht täglich"],
  ]);
});

test("a bucket's settings are found by its name in the address, and its credentials in the environment", async () => {
  const yaml = `${one("sqlite: a.db, at: daily 02:00, to: 's3://vault/some path/x'")}buckets:
  vault:
    bucket: Real_Name
    endpoint: http://minio.local:9000/
    encryption: { kms: k1 }
    lock: { days: 14 }
    retryFor: 5m
`;
  const env = { DAYBREAK_VAULT_ACCESS_KEY_ID: "id", DAYBREAK_VAULT_SECRET_ACCESS_KEY: "own", AWS_ACCESS_KEY_ID: "x" };
  expect((await first(yaml, env)).place).toEqual({
    kind: "s3",
    bucket: "Real_Name",
    prefix: "some path/x",
    settings: {
      endpoint: "http://minio.local:9000",
      region: "us-east-1",
      credentials: { accessKeyId: "id", secretAccessKey: "own", sessionToken: null },
      forcePathStyle: true,
      checksums: "auto",
      storageClass: null,
      encryption: { kind: "kms", keyId: "k1" },
      lock: { mode: "governance", days: 14 },
      connectionTimeoutMs: 10_000,
      requestTimeoutMs: 120_000,
      retryForMs: 300_000,
    },
  });
});

test("artifacts lie in the home folder, or where they are told to, shared when that is s3", async () => {
  const config = await load(small, { DATABASE_URL: "postgres://db/x" });
  expect(config.artifacts).toEqual({ place: { kind: "folder", dir: join(config.home, "artifacts") }, shared: false });
  const there = await load(`${small}artifacts: { to: s3://pictures/now }\n`, { DATABASE_URL: "postgres://db/x" });
  expect(there.artifacts).toMatchObject({ place: { kind: "s3", bucket: "pictures", prefix: "now" }, shared: true });
});

test("this machine's name, the private key and what commands get come from the environment, without our own secrets", async () => {
  const env = {
    DAYBREAK_HOST: "bi-server-1",
    DAYBREAK_BACKUP_IDENTITY: "AGE-SECRET-KEY-1",
    PATH: "/bin",
    DATABASE_URL: "",
  };
  const config = await load(small, env);
  expect(config).toMatchObject({
    host: "bi-server-1",
    backupIdentity: "AGE-SECRET-KEY-1",
    environment: { PATH: "/bin" },
  });
  expect(Object.keys(config.environment)).toEqual(["PATH"]);
});

const wrong: readonly (readonly [what: string, yaml: string, expected: string])[] = [
  [
    "nothing to back up",
    one("at: daily 02:00"),
    "daybreak.yaml:2:3 backups.a: must have one of tableau, postgres, sqlite, folder, command; write what is backed up, such as postgres: own.",
  ],
  [
    "two things at once",
    one("postgres: own, sqlite: x.db, at: daily 02:00"),
    "daybreak.yaml:2:3 backups.a: has both postgres and sqlite; keep one of them, and make a second backup for the other.",
  ],
  [
    "no schedule",
    one("postgres: own"),
    "daybreak.yaml:2:3 backups.a.at: is missing; say when it is made, such as at: daily 02:00.",
  ],
  [
    "a schedule that never fires",
    one("postgres: own, at: 0 2 31 2 *"),
    'daybreak.yaml:2:27 backups.a.at: “0 2 31 2 *” can\'t be used as a schedule; "0 2 31 2 *" never fires: no month has such a day.',
  ],
  [
    "a policy that would keep nothing",
    one("postgres: own, at: daily 02:00, keep: { daily: none, weekly: none, monthly: none }"),
    "daybreak.yaml:2:40 backups.a.keep: would keep nothing but the three newest; write daily: 14d, or keep weeks or months.",
  ],
  [
    "a number of days without its unit",
    one("postgres: own, at: daily 02:00, keep: { daily: 14 }"),
    "daybreak.yaml:2:55 backups.a.keep.daily: 14 must be a number of days; write one such as 14d, 26w or 7y, or none.",
  ],
  [
    "a weekday that there isn't",
    one("postgres: own, at: daily 02:00, keep: { weekday: sundy }"),
    "daybreak.yaml:2:57 backups.a.keep.weekday: “sundy” must be monday, tuesday, wednesday, thursday, friday, saturday or sunday; did you mean “sunday”?",
  ],
  [
    "two backups with one path and root",
    `backups:\n  a: { sqlite: a.db, at: daily 02:00, to: s3://b-b/x/, root: Same }\n  b: { sqlite: b.db, at: daily 03:00, to: s3://b-b/x, root: same }\n`,
    "daybreak.yaml:3:3 backups.b: would write the same files as “a”; give one of them another path or root.",
  ],
  [
    "a place that is neither",
    one("postgres: own, at: daily 02:00, to: /mnt/backups"),
    "daybreak.yaml:2:44 backups.a.to: “/mnt/backups” must say where it lies; write s3://bucket/path or file:FOLDER.",
  ],
  [
    "a path that leaves its bucket",
    one("postgres: own, at: daily 02:00, to: s3://vault/a/../b"),
    "daybreak.yaml:2:44 backups.a.to: “s3://vault/a/../b” has the part “..” in its path; write s3://bucket/path, with plain names between single slashes.",
  ],
  [
    "a bucket's name that Amazon doesn't know",
    one("postgres: own, at: daily 02:00, to: s3://My_Vault/a"),
    "daybreak.yaml:2:44 backups.a.to: “s3://My_Vault/a” names no bucket; “My_Vault” must be 3 to 63 small letters, digits, dots and hyphens.",
  ],
  [
    "a folder that holds its own archives",
    one("folder: /srv, at: daily 02:00, to: file:/srv/backups"),
    "daybreak.yaml:2:39 backups.a.to: lies inside the folder that is backed up; choose another place.",
  ],
  [
    "a storage class that can't be read back",
    "buckets: { vault: { storageClass: DEEP_ARCHIVE } }\nserver: https://bi.example.com\n",
    "daybreak.yaml:1:35 buckets.vault.storageClass: “DEEP_ARCHIVE” can't be read back, so nothing could be verified; write GLACIER_IR or STANDARD_IA, and let a rule of the bucket move old ones.",
  ],
  [
    "a secret in a bucket's section",
    "buckets: { vault: { secretAccessKey: abcdef } }\nserver: https://bi.example.com\n",
    "daybreak.yaml:1:21 buckets.vault.secretAccessKey: is a secret, which never stands in this file; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment or in .env beside it.",
  ],
  [
    "a flag by which the date would come twice",
    one("tableau: { flags: [-d] }, at: daily 01:00"),
    "daybreak.yaml:2:27 backups.a.tableau.flags[0]: “-d” would write the date twice; delete it.",
  ],
  [
    "a private key in place of the public one",
    one("postgres: own, at: daily 02:00, encryptTo: AGE-SECRET-KEY-1QQQ"),
    "daybreak.yaml:2:40 backups.a.encryptTo: is a private key, which never stands in this file; write the public one, age1….",
  ],
  [
    "a password in a database's address",
    one("postgres: 'postgres://me:hidden@db/x', at: daily 02:00"),
    "daybreak.yaml:2:18 backups.a.postgres: “postgres://•••@db/x” holds a secret, which never stands in this file; write ${NAME} in its place and set NAME in the environment or in .env beside it.",
  ],
  [
    "a name with a slash",
    "backups: { a/b: { postgres: own, at: daily 02:00 } }\n",
    "daybreak.yaml:1:12 backups.a/b: is no name for a backup; use letters, digits, spaces and hyphens, a letter or digit first, at most 60.",
  ],
  [
    "a root with a slash",
    one("postgres: own, at: daily 02:00, root: a/b"),
    "daybreak.yaml:2:46 backups.a.root: “a/b” is no name for a file; use letters, digits, spaces, dots and hyphens, at most 100, a letter first.",
  ],
  [
    "a lock on a bucket of pictures",
    "server: https://bi.example.com\nartifacts: { to: s3://vault }\nbuckets: { vault: { lock: { days: 3 } } }\n",
    "daybreak.yaml:2:18 artifacts.to: “s3://vault” lies in a bucket with lock, where nothing could be tidied; name one without.",
  ],
];

test.each(wrong)("%s is named with its place, what was found, and what to write", async (_, yaml, expected) => {
  expect(await mistakes(yaml)).toEqual([expected]);
});

test("all mistakes of several backups are told at once", async () => {
  const yaml = `backups:
  a: { postgres: own, to: nowhere }
  b: { at: hourly-ish, sqlite: x.db, keep: { monthDay: 31 }, drill: { at: never } }
`;
  const found = (await mistakes(yaml)).map((line) => line.split(" ")[1]);
  expect(found).toEqual([
    "backups.a.at:",
    "backups.a.to:",
    "backups.b.at:",
    "backups.b.keep.monthDay:",
    "backups.b.drill.at:",
  ]);
});

test("half of a bucket's credentials is no credential", async () => {
  const yaml = one("sqlite: a.db, at: daily 02:00, to: s3://vault/x");
  expect(await mistakes(yaml, { DAYBREAK_S3_ACCESS_KEY_ID: "id" })).toEqual([
    "daybreak.yaml:1:1 buckets.vault: has DAYBREAK_S3_ACCESS_KEY_ID but no DAYBREAK_S3_SECRET_ACCESS_KEY; set both in the environment or in .env.",
  ]);
});

test("explain tells a backup's settings with their origin, and covers credentials", async () => {
  using place = folder({ "daybreak.yaml": small });
  const env = { AWS_ACCESS_KEY_ID: "the id", AWS_SECRET_ACCESS_KEY: "the key", DATABASE_URL: "postgres://db/x" };
  const settings = await explainConfig(place.options(env));
  const of = (key: string): string | undefined => {
    const found = settings.find((setting) => setting.key === key);
    return found && `${found.value} (${found.origin})`;
  };
  expect(of("backups.tableau.host")).toBe("bi-server-1 (daybreak.yaml:3)");
  expect(of("backups.daybreak.keep.weekly")).toBe("180d (default)");
  expect(of("buckets.company-backups.secretAccessKey")).toBe("••• (environment AWS_SECRET_ACCESS_KEY)");
  expect(JSON.stringify(settings)).not.toContain("the key");
});
