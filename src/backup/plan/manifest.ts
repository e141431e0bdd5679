/** A manifest as text and back. A manifest is the bucket's own word about an archive: the catalogue can be rebuilt from them. */
import { Temporal } from "#model/time.ts";

/** The newest version that this program writes and reads. */
const version = 1;

/** A file beside an archive. */
export interface Beside {
  readonly key: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** What is known of an archive, kept next to it. */
export interface Manifest {
  readonly backup: string;
  readonly key: string;
  /** `null`: it was there before Daybreak. */
  readonly runId: string | null;
  /** The slot's calendar date in `zone`. */
  readonly date: string;
  readonly zone: string;
  readonly startedAt: Temporal.Instant;
  readonly finishedAt: Temporal.Instant;
  /** Of the stored bytes, encrypted where they are. */
  readonly bytes: number;
  readonly sha256: string;
  readonly partBytes: number | null;
  readonly parts: number;
  readonly producer: { readonly kind: string; readonly version: string | null };
  readonly encryption: "age" | null;
  readonly beside: readonly Beside[];
  /** When it was read back and found whole; `null`: not yet. */
  readonly verify: { readonly level: "read-back"; readonly at: Temporal.Instant } | null;
  /** Why it is suspect; `null`: it isn't, or was accepted. */
  readonly suspect: string | null;
  /** Why an operator accepted it although it was suspect. */
  readonly accepted: string | null;
  readonly pin: string | null;
  /** True when the archive was there before Daybreak. */
  readonly adopted: boolean;
  /** The Daybreak that wrote it. */
  readonly madeBy: string;
}

/** What a text turned out to be. */
export type ReadManifest =
  | { readonly kind: "manifest"; readonly manifest: Manifest }
  | { readonly kind: "unknown-version"; readonly version: string }
  | { readonly kind: "broken"; readonly words: string };

/** A manifest as it is stored: JSON, one key a line, `v` first. */
export const manifestText = (manifest: Manifest): string => `${JSON.stringify({ v: version, ...manifest }, null, 2)}\n`;

/** Reads a stored manifest. A version that isn't known is told apart from a text that isn't one: a newer Daybreak may have written it. */
export const parseManifest = (text: string): ReadManifest => {
  const fields = objectOf(text);
  if (fields === null) return { kind: "broken", words: "it isn't JSON" };
  if (fields["v"] !== version) return { kind: "unknown-version", version: String(fields["v"]) };
  try {
    return { kind: "manifest", manifest: manifestOf(fields) };
  } catch (error) {
    return { kind: "broken", words: error instanceof Error ? error.message : String(error) };
  }
};

type Fields = Readonly<Record<string, unknown>>;

const objectOf = (text: string): Fields | null => {
  try {
    return asFields(JSON.parse(text));
  } catch {
    return null;
  }
};

const asFields = (value: unknown): Fields | null =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : null;

const manifestOf = (fields: Fields): Manifest => {
  const ask = asker(fields);
  const producer = asker(ask.fields("producer"));
  const verify = fields["verify"] === null ? null : asker(ask.fields("verify"));
  return {
    backup: ask.text("backup"),
    key: ask.text("key"),
    runId: ask.textOrNull("runId"),
    date: ask.text("date", /^\d{4}-\d\d-\d\d$/),
    zone: ask.text("zone"),
    startedAt: ask.instant("startedAt"),
    finishedAt: ask.instant("finishedAt"),
    bytes: ask.count("bytes"),
    sha256: ask.text("sha256", /^[0-9a-f]{64}$/),
    partBytes: fields["partBytes"] === null ? null : ask.count("partBytes"),
    parts: ask.count("parts"),
    producer: { kind: producer.text("kind"), version: producer.textOrNull("version") },
    encryption: ask.textOrNull("encryption", /^age$/) === null ? null : "age",
    beside: ask.list("beside").map(besideOf),
    verify: verify === null ? null : { level: readBack(verify.text("level")), at: verify.instant("at") },
    suspect: ask.textOrNull("suspect"),
    accepted: ask.textOrNull("accepted"),
    pin: ask.textOrNull("pin"),
    adopted: fields["adopted"] === true,
    madeBy: ask.text("madeBy"),
  };
};

const besideOf = (value: unknown): Beside => {
  const ask = asker(asFields(value) ?? {});
  return { key: ask.text("key"), bytes: ask.count("bytes"), sha256: ask.text("sha256", /^[0-9a-f]{64}$/) };
};

/** A level that isn't known proves nothing: it is refused rather than taken for the one that does. */
const readBack = (level: string): "read-back" => {
  if (level !== "read-back") throw new TypeError(`“level” is ${JSON.stringify(level)}`);
  return level;
};

/** Asks fields for values of a kind; throws a sentence that names the field. */
const asker = (fields: Fields) => {
  const wrong = (name: string): TypeError =>
    new TypeError(`“${name}” is ${JSON.stringify(fields[name])?.slice(0, 80) ?? "missing"}`);
  const text = (name: string, pattern = /^[^\0]+$/): string => {
    const value = fields[name];
    if (typeof value === "string" && pattern.test(value)) return value;
    throw wrong(name);
  };
  const instant = (name: string): Temporal.Instant => {
    try {
      return Temporal.Instant.from(text(name));
    } catch {
      throw wrong(name);
    }
  };
  return {
    text,
    instant,
    textOrNull: (name: string, pattern?: RegExp): string | null => (fields[name] === null ? null : text(name, pattern)),
    count: (name: string): number => {
      const value = fields[name];
      if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
      throw wrong(name);
    },
    fields: (name: string): Fields => {
      const value = asFields(fields[name]);
      if (value === null) throw wrong(name);
      return value;
    },
    list: (name: string): readonly unknown[] => {
      const value = fields[name];
      if (Array.isArray(value)) return value;
      throw wrong(name);
    },
  };
};
