/** The names of archives and of what lies beside them. What isn't named exactly so is somebody else's and never touched. */
import { type Backup, type BackupPlace, prefixOf } from "#model/backup.ts";
import type { Series } from "#model/backup-run.ts";
import type { Temporal } from "#model/time.ts";

/** What names a backup's archives. */
export type Naming = Pick<Backup, "place" | "root" | "extension">;

/** A place in words, the same for ever: `s3://company-backups`, `s3://company-backups at minio.local:9000`, `file:/srv/backups`. */
export const placeInWords = (place: BackupPlace): string => {
  if (place.kind === "folder") return `file:${place.dir}`;
  const { endpoint } = place.settings;
  return endpoint === null ? `s3://${place.bucket}` : `s3://${place.bucket} at ${endpoint.replace(/^https?:\/\//, "")}`;
};

/** What rotation decides about together: one backup's archives at one place. */
export const seriesOf = ({ name, place }: Pick<Backup, "name" | "place">): Series => ({
  backup: name,
  place: placeInWords(place),
});

/** What all keys of a backup begin with; ends with a slash unless it is empty. */
export const prefixOfKeys = ({ place }: Pick<Backup, "place">): string => {
  const prefix = prefixOf(place);
  return prefix === "" ? "" : `${prefix}/`;
};

/** Which archive a key is for. */
export interface KeyAsk {
  /** The slot's calendar date, `YYYY-MM-DD`. */
  readonly date: string;
  /** For a further archive of the same date; `null` for its first. */
  readonly at: Temporal.Instant | null;
  readonly encrypted: boolean;
}

/** `{prefix/}YYYY/MM/{root}-{date}[T{HHMMSS}Z].{ext}[.age]` */
export const archiveKey = (naming: Naming, { date, at, encrypted }: KeyAsk): string => {
  const time = at === null ? "" : `T${at.toString({ smallestUnit: "second" }).slice(11, 19).replaceAll(":", "")}Z`;
  const folder = `${prefixOfKeys(naming)}${date.slice(0, 4)}/${date.slice(5, 7)}`;
  return `${folder}/${naming.root}-${date}${time}.${naming.extension}${encrypted ? ".age" : ""}`;
};

const manifestEnd = ".manifest.json";

/** The manifest of an archive: its commit mark, written last. */
export const manifestKey = (archive: string): string => `${archive}${manifestEnd}`;

/** A file that belongs to an archive, such as the settings that `tsm` exports apart. */
export const besideKey = (archive: string, name: string): string => `${archive}.beside.${name}`;

/** One of our keys: an archive, its manifest, or a file beside it. */
export interface OwnKey {
  readonly kind: "archive" | "manifest" | "beside";
  /** The archive's key. */
  readonly archive: string;
  readonly date: string;
}

/** Reads the keys of a backup; `null` for one that is somebody else's. */
export type ReadKey = (key: string) => OwnKey | null;

/** The reader of a backup's keys. Year and month of the folders must be the date's own, and the date must be one. */
export const keyReader = (naming: Naming): ReadKey => {
  const [prefix, root, extension] = [prefixOfKeys(naming), naming.root, naming.extension].map(RegExp.escape);
  const pattern = new RegExp(
    String.raw`^(?<archive>${prefix}(?<year>\d{4})/(?<month>\d\d)/${root}-(?<date>\k<year>-\k<month>-\d\d)(?:T\d{6}Z)?\.${extension}(?:\.age)?)` +
      String.raw`(?<rest>\.manifest\.json|\.beside\.[^/]+)?$`,
    "u",
  );
  return (key) => {
    const { archive, date, rest } = pattern.exec(key)?.groups ?? {};
    if (archive === undefined || date === undefined || !isDate(date)) return null;
    return { kind: kindOf(rest), archive, date };
  };
};

const kindOf = (rest: string | undefined): OwnKey["kind"] => {
  if (rest === undefined) return "archive";
  return rest === manifestEnd ? "manifest" : "beside";
};

const isDate = (date: string): boolean => {
  const [year = 0, month = 0, day = 0] = date.split("-").map(Number);
  return month >= 1 && month <= 12 && day >= 1 && day <= daysOf(year, month);
};

const daysOf = (year: number, month: number): number => {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
};
