import { appendFile, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { systemClock } from "#runtime/clock.ts";
import { putRun } from "#store/backup-runs.ts";
import { openWorld, type World } from "./world.ts";

const identity = await generateX25519Identity();
const recipient = await identityToRecipient(identity);

const yaml = `server: { url: "http://127.0.0.1:9", kind: sample }
zone: UTC
backups:
  bi:
    command: { run: "cat $SOURCE", extension: bin }
    at: daily 02:00
    to: file:archives
    drill: { at: sundays 05:00, check: 'grep -q figures "$1"' }
  secret: { command: { run: "cat $SOURCE", extension: bin }, at: daily 02:00, to: "file:archives", encryptTo: ["${recipient}"] }
  away: { command: { run: "cat $SOURCE", extension: bin }, at: daily 02:00, to: "file:archives", host: bi-server-1 }
  broken: { command: { run: "cat $SOURCE; echo no licence >&2; exit 3", extension: bin }, at: daily 02:00, to: "file:archives" }
`;

let world: World;
beforeAll(async () => {
  world = await openWorld({ "daybreak.yaml": yaml });
});
afterAll(() => world[Symbol.asyncDispose]());
beforeEach(async () => {
  await rm(join(world.dir, "archives"), { recursive: true, force: true });
  const { pool } = world.database;
  for (const table of ["backup_runs", "archives", "drills"]) await pool.query(`delete from ${table}`);
  await writeFile(join(world.dir, "source"), "figures of the morning");
});

const today = () => systemClock.now().toZonedDateTimeISO("UTC").toPlainDate().toString();
const keyOf = (backup: string, more = ""): string =>
  `${today().slice(0, 4)}/${today().slice(5, 7)}/${backup}-${today()}.bin${more}`;
const run = (words: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  world.run(["backup", ...words], { env: { SOURCE: join(world.dir, "source"), ...env } });
const at = (name: string): string => join(world.dir, name);

test("run makes, uploads and reads back an archive; restore brings it back and says what comes next", async () => {
  const made = await run(["run", "bi"]);
  expect(made).toMatchObject({ code: 0, err: "" });
  expect(made.out).toMatch(new RegExp(`^✓ ${keyOf("bi")}, 1 kB: made in .+, uploaded in .+, read back in .+\\.\n$`));
  const restored = await run(["restore", "bi", "--latest", "--to", "back.bin"]);
  expect(restored).toMatchObject({ code: 0, out: expect.stringContaining(`${at("back.bin")}: ${keyOf("bi")}`) });
  expect(restored.out).toContain("Next:");
  expect(await readFile(at("back.bin"), "utf8")).toBe("figures of the morning");
  expect(await run(["restore", "bi", "--latest", "--to", "back.bin"])).toMatchObject({
    code: 1,
    err: expect.stringContaining("is there already"),
  });
  await rm(at("back.bin"));
});

test("a run that is open is taken up where it stands, not doubled", async () => {
  const { pool } = world.database;
  const now = systemClock.now();
  const slot = { backup: "bi", nominal: now, due: now, date: "2026-02-03", zone: "UTC" };
  await putRun(pool, { ...slot, askedBy: null, skipped: null });
  expect((await run(["run", "bi"])).out).toContain("2026/02/bi-2026-02-03.bin");
  expect((await pool.query("select count(*)::int as runs from backup_runs")).rows).toEqual([{ runs: 1 }]);
});

test("a producer that fails makes no archive, and its words are told", async () => {
  const failed = await run(["run", "broken"]);
  expect(failed).toMatchObject({ code: 1, out: expect.stringContaining("no licence") });
  expect(failed.out).toContain("Nothing was removed");
  expect(await run(["restore", "broken", "--latest", "--to", "x.bin"])).toMatchObject({
    code: 1,
    err: expect.stringContaining("“broken” has no archive"),
  });
});

test("what another machine makes is due there, and said so", async () => {
  expect(await run(["run", "away"])).toMatchObject({ code: 3, out: expect.stringContaining("made on bi-server-1") });
  expect((await run(["status", "away"])).out).toContain("is due");
});

test("a restore needs no database, and never takes what nobody has read back without being told to", async () => {
  await run(["run", "bi"]);
  const words = ["restore", "bi", "--latest", "--to", "b1.bin"];
  expect(await run(words, { DATABASE_URL: "postgres://nobody@127.0.0.1:9/none" })).toMatchObject({
    code: 0,
    err: expect.stringContaining("the manifests in the bucket alone"),
  });
  expect(await run(["restore", "bi", "--date", today(), "--to", "b2.bin", "--no-database"])).toMatchObject({ code: 0 });
  const manifest = join(world.dir, "archives", `${keyOf("bi")}.manifest.json`);
  const { verify: _, ...rest } = JSON.parse(await readFile(manifest, "utf8")) as Record<string, unknown>;
  await writeFile(manifest, JSON.stringify({ ...rest, verify: null }));
  const unproven = ["restore", "bi", "--latest", "--to", "b3.bin", "--no-database"];
  expect(await run(unproven)).toMatchObject({ code: 1, err: expect.stringContaining("--force") });
  expect(await run([...unproven, "--force"])).toMatchObject({
    code: 3,
    out: expect.stringContaining("Nobody had read it back"),
  });
  expect(await run(["restore", "bi", "--to", "b4.bin"])).toMatchObject({ code: 2 });
  expect(await run(["restore", "bi", "--date", "yesterday", "--to", "b4.bin"])).toMatchObject({ code: 2 });
  for (const name of ["b1.bin", "b2.bin", "b3.bin"]) await rm(at(name));
});

test("verify finds a byte that changed, and neither restore nor drill take such an archive", async () => {
  await run(["run", "bi"]);
  expect(await run(["verify", "bi"])).toMatchObject({ code: 0, out: expect.stringContaining("equal") });
  expect(await run(["drill", "bi"])).toMatchObject({ code: 0, out: expect.stringContaining("passed the check") });
  await appendFile(join(world.dir, "archives", keyOf("bi")), "!");
  const found = await run(["verify", "bi"]);
  expect(found).toMatchObject({
    code: 3,
    out: expect.stringMatching(/different.*has 23 bytes, the archive that was made had 22/s),
  });
  expect(await run(["restore", "bi", "--latest", "--to", "c.bin"])).toMatchObject({
    code: 1,
    err: expect.stringContaining("is broken"),
  });
  expect(await run(["drill", "bi"])).toMatchObject({ code: 3, out: expect.stringContaining("no proven archive") });
  // A restore without rows doesn't take it either: the proof was taken back in the manifest.
  expect(await run(["restore", "bi", "--latest", "--to", "c.bin", "--no-database"])).toMatchObject({ code: 1 });
});

test("verify finds an archive whose manifest is gone", async () => {
  await run(["run", "bi"]);
  await rm(join(world.dir, "archives", `${keyOf("bi")}.manifest.json`));
  expect(await run(["verify", "bi"])).toMatchObject({
    code: 3,
    out: expect.stringContaining("has no manifest that can be read"),
  });
});

test("a check that fails is a restore that would fail", async () => {
  await writeFile(join(world.dir, "source"), "something else");
  await run(["run", "bi"]);
  expect(await run(["drill", "bi"])).toMatchObject({ code: 3 });
  expect((await run(["status", "bi"])).out).toContain("The restore drill with");
});

test("an encrypted archive comes back with its identity only", async () => {
  expect(await run(["run", "secret"])).toMatchObject({
    code: 0,
    out: expect.stringContaining(keyOf("secret", ".age")),
  });
  const stored = await readFile(join(world.dir, "archives", keyOf("secret", ".age")), "latin1");
  expect(stored).not.toContain("figures");
  const words = ["restore", "secret", "--latest", "--to", "plain.bin"];
  expect(await run(words)).toMatchObject({ code: 1, err: expect.stringContaining("DAYBREAK_BACKUP_IDENTITY") });
  const other = await generateX25519Identity();
  expect(await run(words, { DAYBREAK_BACKUP_IDENTITY: other })).toMatchObject({
    code: 1,
    err: expect.stringContaining("could not be decrypted"),
  });
  expect(await run(words, { DAYBREAK_BACKUP_IDENTITY: identity })).toMatchObject({ code: 0 });
  expect(await readFile(at("plain.bin"), "utf8")).toBe("figures of the morning");
});

test("doctor tries the bucket, and whether what is encrypted can be read again", async () => {
  const about = async (env: Readonly<Record<string, string>>) => {
    const { out } = await world.run(["doctor", "--json"], { env });
    const found = JSON.parse(out) as readonly {
      readonly about: string;
      readonly grade: string;
      readonly what: string;
    }[];
    return new Map(found.map((one) => [one.about, one]));
  };
  const own = await about({ DAYBREAK_BACKUP_IDENTITY: identity });
  expect(own.get(`bucket file:${at("archives")}`)).toMatchObject({
    what: expect.stringContaining("takes, gives back and removes"),
  });
  expect(own.get("encryption of secret")).toMatchObject({ grade: "fine" });
  const other = await about({ DAYBREAK_BACKUP_IDENTITY: await generateX25519Identity() });
  expect(other.get("encryption of secret")).toMatchObject({ grade: "fault" });
  expect(await about({}).then((found) => found.get("encryption of secret"))).toMatchObject({ grade: "warning" });
});
