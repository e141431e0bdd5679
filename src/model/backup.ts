import type { ReadSchedule, Schedule } from "#model/schedule.ts";
import type { Temporal } from "#model/time.ts";

/** A command: one text for the machine's own shell, or its words, the program first, which no shell sees. */
export type CommandLine = { readonly shell: string } | { readonly words: readonly string[] };

/** What makes an archive. Plain data, resolved from the configuration; it may hold a password, so it is never stored or logged. */
export type Producer =
  /** `tsm maintenance backup`, with `tsm settings export` beside it, since the archive leaves the configuration out. */
  | {
      readonly kind: "tableau";
      readonly tsm: string;
      /** Where tsm puts archives; `null`: asked of tsm. */
      readonly dir: string | null;
      readonly flags: readonly string[];
    }
  /** `pg_dump -Fc` of a database; `url: null` is Daybreak's own, `pgDump: null` the one that is found. */
  | {
      readonly kind: "postgres";
      readonly url: string | null;
      readonly pgDump: string | null;
      readonly flags: readonly string[];
    }
  /** Daybreak's own database as SQL, written by itself: the Postgres that it brings along has no `pg_dump`. */
  | { readonly kind: "own" }
  /** SQLite's online backup of a file. */
  | { readonly kind: "sqlite"; readonly file: string }
  /** A folder as tar, compressed by zstd; `exclude` are patterns of paths below it. */
  | { readonly kind: "folder"; readonly dir: string; readonly exclude: readonly string[] }
  /** Any command that writes a file (`file`, absolute or below scratch) or its standard output (`file: null`). */
  | {
      readonly kind: "command";
      readonly run: CommandLine;
      readonly file: string | null;
      /** What its archives begin with, as text; `null`: known by the extension, or anything. */
      readonly begins: string | null;
    };

/** How long archives are kept; ages count from the newest verified archive. */
export interface Retention {
  readonly dailyDays: number;
  readonly weeklyDays: number;
  /** 1 = Monday … 7 = Sunday (ISO 8601); `null`: no weekly archives. */
  readonly weekday: number | null;
  /** `null`: monthly archives are kept for ever; 0: none. */
  readonly monthlyDays: number | null;
  /** Day of the month, 1 to 28. */
  readonly monthDay: number;
}

/** Where archives go: `s3://{bucket}/{path}/…` or `file:` and a folder. */
export type BackupPlace =
  | { readonly kind: "folder"; readonly dir: string }
  | { readonly kind: "s3"; readonly bucket: string; readonly prefix: string; readonly settings: S3Settings };

/** How a bucket on S3, or a server that speaks it, is reached. */
export interface S3Settings {
  /** `null`: Amazon's own. */
  readonly endpoint: string | null;
  readonly region: string;
  /** `null`: found by the SDK's own chain (environment, profile, role of the machine). */
  readonly credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken: string | null;
  } | null;
  readonly forcePathStyle: boolean;
  readonly checksums: "auto" | "required" | "off";
  readonly storageClass: string | null;
  readonly encryption: { readonly kind: "s3" } | { readonly kind: "kms"; readonly keyId: string } | null;
  /** Object Lock on upload; `null`: none. */
  readonly lock: { readonly mode: "governance" | "compliance"; readonly days: number } | null;
  readonly connectionTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** How long one part or request is tried again before it is given up. */
  readonly retryForMs: number;
}

/** A named backup of the configuration. */
export interface Backup {
  readonly name: string;
  readonly schedule: Schedule;
  readonly read: ReadSchedule;
  /** Always named: an archive's date is its slot's calendar date in this zone. */
  readonly zone: string;
  /** Name of the host where its command runs; `null`: any process with the role `backup`. */
  readonly host: string | null;
  readonly producer: Producer;
  /** First part of the file names: `{root}-{YYYY-MM-DD}.{ext}`. */
  readonly root: string;
  /** Of what the producer makes; a stored file that is encrypted has `.age` behind it. */
  readonly extension: string;
  /** Absolute path of the folder in which archives are made; each run has one of its own below it. */
  readonly scratch: string;
  readonly place: BackupPlace;
  readonly retention: Retention;
  /** How many archives stay on the disk of the host that made them. */
  readonly keepLocal: number;
  readonly produceTimeoutMs: number;
  /** Read back whole and compared, or only asked for (then nothing is ever called verified). */
  readonly verify: "read-back" | "head";
  readonly drill: {
    readonly schedule: Schedule;
    readonly read: ReadSchedule;
    /** Gets the restored file as its last word (`$1` of a shell), in a scratch folder; `null`: only its hash is checked. */
    readonly check: CommandLine | null;
    readonly timeoutMs: number;
  } | null;
  /** Archives are re-read by so many bytes a day, longest unproven first; 0: never. */
  readonly rereadBytesPerDay: number;
  /** Recipients' public keys (age); empty: archives aren't encrypted by Daybreak. */
  readonly encryptTo: readonly string[];
  /** Pinged after every good run; `null`: nobody. */
  readonly ping: string | null;
}

/** What stands before `/{YYYY}/{MM}/` in keys: no slash at either end, and empty for a folder or a bucket's top. */
export const prefixOf = (place: BackupPlace): string => (place.kind === "s3" ? place.prefix : "");

const firstLabel = (host: string): string => host.split(".")[0] ?? host;

/** True where a backup's command may run: on any host, or on the one that it names, with its domain or without. */
export const runsOn = ({ host }: Pick<Backup, "host">, machine: string): boolean => {
  if (host === null) return true;
  const [wanted, here] = [host.toLowerCase(), machine.toLowerCase()];
  if (wanted.includes(".") && here.includes(".")) return wanted === here;
  return firstLabel(wanted) === firstLabel(here);
};

/** How good an archive is: `made` is in the bucket and not yet read back. */
export type ArchiveState = "made" | "verified" | "suspect" | "broken" | "missing" | "removed";

/** An archive that the catalogue knows. */
export interface Archive {
  readonly backup: string;
  readonly key: string;
  /** Calendar date of its slot in the backup's zone, `YYYY-MM-DD`. */
  readonly date: string;
  readonly madeAt: Temporal.Instant;
  readonly state: ArchiveState;
  readonly verifiedAt: Temporal.Instant | null;
  readonly bytes: number;
  /** Hex SHA-256 of the stored bytes. */
  readonly sha256: string;
  /** Why it must stay whatever its age; `null`: not pinned. */
  readonly pin: string | null;
  /** Object Lock until then; `null`: not locked. */
  readonly lockedUntil: Temporal.Instant | null;
}
