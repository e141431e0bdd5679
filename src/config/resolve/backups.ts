import { relative, resolve, sep } from "node:path";
import type { ArtifactsConfig } from "#config/config.ts";
import type { Path } from "#config/document.ts";
import { judgeBuckets, placeOf } from "#config/resolve/buckets.ts";
import type { Context } from "#config/resolve/context.ts";
import { commandOf, type Made, producerOf } from "#config/resolve/producers.ts";
import { expand } from "#config/resolve/reference.ts";
import { weekdays } from "#config/schema/backup.ts";
import type { WrittenBackup } from "#config/schema.ts";
import { type Backup, type BackupPlace, prefixOf, type Retention } from "#model/backup.ts";
import type { ReadSchedule, Schedule } from "#model/schedule.ts";

interface Entry {
  readonly name: string;
  readonly path: Path;
  readonly backup: WrittenBackup;
}

interface Timing {
  readonly schedule: Schedule;
  readonly read: ReadSchedule;
}

const timingOf = (
  at: string,
  { path, zone, within }: { readonly path: Path; readonly zone: string; readonly within: number },
  { checks, note }: Context,
): Timing | null => {
  const expression = checks.checkSchedule(at);
  if ("mistake" in expression) {
    note(path, `can't be used as a schedule; ${expression.mistake}`);
    return null;
  }
  const rest = { holidays: "send", start: null, end: null, catchUpWithinMs: within } as const;
  return { schedule: { at, zone, calendar: null, ...rest }, read: { expression, ...rest } };
};

const folded: Readonly<Record<string, string>> = { ä: "ae", ö: "oe", ü: "ue", Ä: "Ae", Ö: "Oe", Ü: "Ue", ß: "ss" };

/** `Größe Süd` → `Groesse-Sued`: plain letters, which every server, shell and restore tool takes. */
const plainRoot = (name: string): string =>
  name
    .normalize("NFC")
    .replaceAll(/[äöüÄÖÜß]/g, (letter) => folded[letter] ?? letter)
    .normalize("NFD")
    .replaceAll(/\p{M}+/gu, "")
    .replaceAll(/[^A-Za-z0-9._-]+/g, "-")
    .replaceAll(/^-+|-+$/g, "");

const rootOf = ({ name, path, backup }: Entry, { note }: Context): string => {
  const at = [...path, "root"];
  const root = (backup.root ?? plainRoot(name)).normalize("NFC");
  if (root === "") note(at, "is missing, and the name has no plain letters; write root: archive", "missing");
  else if (!/^[\p{L}\p{N}](?:[\p{L}\p{N} ._-]{0,98}[\p{L}\p{N}_-])?$/u.test(root)) {
    note(at, "is no name for a file; use letters, digits, spaces, dots and hyphens, at most 100, a letter first");
  }
  return root;
};

const retentionOf = ({ path, backup: { keep } }: Entry, { note }: Context): Retention => {
  const { daily, weekly, monthly, weekday, monthDay } = keep;
  if (daily === 0 && weekly === 0 && monthly === 0) {
    note(
      [...path, "keep"],
      "would keep nothing but the three newest; write daily: 14d, or keep weeks or months",
      "key",
    );
  }
  const isWeekly = weekly > 0;
  return {
    dailyDays: daily,
    weeklyDays: weekly,
    weekday: isWeekly ? weekdays.indexOf(weekday) + 1 : null,
    monthlyDays: monthly,
    monthDay,
  };
};

const drillOf = ({ path, backup: { drill } }: Entry, zone: string, context: Context): Backup["drill"] => {
  const plain = { at: "", check: undefined, timeout: 6 * 3_600_000 };
  const { at, check, timeout } = typeof drill === "string" ? { ...plain, at: drill } : drill;
  if (at === "off") return null;
  const place = typeof drill === "string" ? [...path, "drill"] : [...path, "drill", "at"];
  const timing = timingOf(at, { path: place, zone, within: 24 * 3_600_000 }, context);
  return timing && { ...timing, check: check === undefined ? null : commandOf(check), timeoutMs: timeout };
};

/** Bech32, as age writes its public keys. */
const publicKey = /^age1[02-9ac-hj-np-z]{20,}$/;

const keysOf = ({ path, backup: { encryptTo = [] } }: Entry, { note }: Context): readonly string[] => {
  const keys = typeof encryptTo === "string" ? [encryptTo] : encryptTo;
  for (const [place, key] of keys.entries()) {
    const at = typeof encryptTo === "string" ? [...path, "encryptTo"] : [...path, "encryptTo", place];
    // The value isn't shown: it is the very thing that must stay secret.
    if (/^AGE-SECRET-KEY-/i.test(key))
      note(at, "is a private key, which never stands in this file; write the public one, age1…", "key");
    else if (!publicKey.test(key)) note(at, "is no public key of age; write the one that age-keygen printed: age1…");
  }
  return keys;
};

const pingOf = ({ path, backup: { ping } }: Entry, context: Context): string | null => {
  if (ping === undefined) return null;
  const url = expand(ping, [...path, "ping"], context);
  if (url === null || (/^https?:\/\//i.test(url) && URL.canParse(url))) return url;
  context.note([...path, "ping"], "must be a web address; write it whole, such as https://hc-ping.com/…");
  return null;
};

const isInside = (inner: string, outer: string): boolean => {
  const way = relative(outer, inner);
  return way === "" || (way !== ".." && !way.startsWith(`..${sep}`) && resolve(outer, way) === inner);
};

/** Each archive would hold all older ones, and be twice as large as the last. */
const judgeRecursion = ({ path }: Entry, { producer }: Made, { place, note }: Pick<Context, "note"> & Placed): void => {
  if (producer.kind === "folder" && place?.kind === "folder" && isInside(place.dir, producer.dir))
    note([...path, "to"], "lies inside the folder that is backed up; choose another place", "key");
};

interface Placed {
  readonly place: BackupPlace | null;
}

const whereOf = ({ path, backup }: Entry, context: Context): BackupPlace | null => {
  if (backup.to === undefined) return { kind: "folder", dir: resolve(context.home, "backups") };
  return placeOf(backup.to, { path: [...path, "to"], context });
};

const whenOf = ({ path, backup: { at, catchUp } }: Entry, zone: string, context: Context): Timing | null => {
  if (at !== undefined) return timingOf(at, { path: [...path, "at"], zone, within: catchUp }, context);
  context.note([...path, "at"], "is missing; say when it is made, such as at: daily 02:00", "missing");
  return null;
};

const backupOf = (entry: Entry, context: Context): Backup | null => {
  const { name, backup } = entry;
  const zone = backup.zone ?? context.written.zone ?? context.machine.zone;
  const made = producerOf({ ...entry, context });
  const timing = whenOf(entry, zone, context);
  const place = whereOf(entry, context);
  const rest = {
    root: rootOf(entry, context),
    retention: retentionOf(entry, context),
    drill: drillOf(entry, zone, context),
    encryptTo: keysOf(entry, context),
    ping: pingOf(entry, context),
  };
  if (made === null || timing === null || place === null) return null;
  judgeRecursion(entry, made, { place, note: context.note });
  return {
    ...{ name, zone, place, host: backup.host ?? null, keepLocal: backup.keepLocal, verify: backup.verify },
    ...timing,
    ...made,
    ...rest,
    scratch: backup.scratch === undefined ? resolve(context.home, "scratch") : resolve(context.dir, backup.scratch),
    produceTimeoutMs: backup.timeout,
    rereadBytesPerDay: backup.reread === "off" ? 0 : backup.reread,
  };
};

/** What two backups must not share: their files would be taken for one series, and rotated as one. */
const seriesOf = ({ place, root }: Backup): string => {
  const where = place.kind === "s3" ? `${place.settings.endpoint ?? ""} ${place.bucket}` : place.dir;
  return `${where}/${prefixOf(place)}/${root}`.normalize("NFC").toLowerCase();
};

const judgeSeries = (backups: readonly Backup[], { note }: Context): void => {
  for (const [at, backup] of backups.entries()) {
    const other = backups.slice(0, at).find((each) => seriesOf(each) === seriesOf(backup));
    if (other === undefined) continue;
    const remedy = "give one of them another path or root";
    note(["backups", backup.name], `would write the same files as “${other.name}”; ${remedy}`, "key");
  }
};

/** The backups in the order of the file; mistakes are noted and theirs left out. */
export const backupsOf = (context: Context): readonly Backup[] => {
  judgeBuckets(context);
  const backups = Object.entries(context.written.backups).flatMap(([name, backup]) => {
    const resolved = backupOf({ name, path: ["backups", name], backup }, context);
    return resolved === null ? [] : [resolved];
  });
  judgeSeries(backups, context);
  return backups;
};

/** Where drawn pictures and files lie. */
export const artifactsOf = (context: Context): ArtifactsConfig => {
  const { to, shared } = context.written.artifacts;
  const own: BackupPlace = { kind: "folder", dir: resolve(context.home, "artifacts") };
  const path = ["artifacts", "to"];
  const place = to === undefined ? own : (placeOf(to, { path, context }) ?? own);
  if (place.kind === "s3" && place.settings.lock !== null)
    context.note(path, "lies in a bucket with lock, where nothing could be tidied; name one without");
  return { place, shared: shared ?? place.kind === "s3" };
};
