import type { Document, Path } from "#config/document.ts";
import { isSecretName, MASK, maskAddress, maskSecrets } from "#config/mask.ts";
import { Fault } from "#model/fault.ts";

/** One thing that is wrong with the configuration, for people and for `check --json`. */
export interface Mistake {
  /** `reports.daily-sales.facts[0].csv`; empty for the whole file. */
  readonly key: string;
  readonly line: number;
  readonly column: number;
  /** The value as written, cut and with secrets covered; `null` when there is none to show. */
  readonly received: string | null;
  readonly what: string;
  readonly remedy: string;
}

/** A mistake before its place is looked up. `message` is `what; remedy`. */
export interface Finding {
  readonly path: Path;
  readonly message: string;
  /** What the mistake is about: a key that is wrong or missing shows no value. */
  readonly part: "key" | "value" | "missing";
}

/** The path as people write it. */
export const keyOf = (path: Path): string =>
  path.reduce<string>((key, step) => {
    if (typeof step === "number") return `${key}[${step}]`;
    return key === "" ? step : `${key}.${step}`;
  }, "");

/** The value at `path`, or `undefined`. */
export const valueAt = (root: unknown, path: Path): unknown =>
  path.reduce<unknown>((value, step) => {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return undefined;
    return (value as Readonly<Record<string, unknown>>)[step];
  }, root);

const LONGEST = 80;

const cut = (text: string): string => {
  const letters = [...text];
  return letters.length > LONGEST ? `${letters.slice(0, LONGEST).join("")}…` : text;
};

const shown = (value: unknown): string | null => {
  if (value === undefined || value === null) return null;
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a section";
  const text =
    typeof value === "string" ? JSON.stringify(maskAddress(value)).slice(1, -1).replaceAll('\\"', '"') : String(value);
  return typeof value === "string" ? `“${cut(text)}”` : cut(text);
};

/** Below `signIn`, and under a key that promises a secret, nobody knows what was written in the wrong place. */
const isPrivate = (path: Path): boolean =>
  path.some((step) => typeof step === "string" && (step === "signIn" || isSecretName(step)));

const receivedAt = ({ path, part }: Finding, document: Document): string | null => {
  if (part !== "value") return null;
  const value = shown(valueAt(document.value, path));
  return value?.startsWith("“") && isPrivate(path) ? `“${MASK}”` : value;
};

/** A finding with its place in the file and what was received; `secrets` are covered wherever they stand. */
export const mistakeOf = (
  finding: Finding,
  { document, secrets }: { readonly document: Document; readonly secrets: readonly string[] },
): Mistake => {
  const [what = "", ...remedy] = finding.message.split("; ");
  const { line, column } = document.spotOf(finding.path, finding.part === "value" ? "value" : "key");
  const received = receivedAt(finding, document);
  return {
    key: maskSecrets(keyOf(finding.path), secrets),
    line,
    column,
    received: received === null ? null : maskSecrets(received, secrets),
    what: maskSecrets(what, secrets),
    remedy: maskSecrets(remedy.join("; "), secrets),
  };
};

/** One mistake on one line. */
export const mistakeInWords = (file: string, { key, line, column, received, what, remedy }: Mistake): string => {
  const said = received === null ? what : `${received} ${what}`;
  const sentence = remedy === "" ? said : `${said}; ${remedy}`;
  return `${file}:${line}:${column} ${key === "" ? "" : `${key}: `}${sentence}${/[.?!]$/.test(sentence) ? "" : "."}`;
};

/** The one fault that names every mistake; `cause` is the list itself. */
export const faultOf = (file: string, mistakes: readonly Mistake[]): Fault => {
  const lines = mistakes.map((mistake) => mistakeInWords(file, mistake));
  const count = mistakes.length === 1 ? "a mistake" : `${mistakes.length} mistakes`;
  const hint = `Correct ${file} and look at it again with “daybreak check”.`;
  return new Fault("config.invalid", `The configuration has ${count}:\n${lines.join("\n")}`, { hint, cause: mistakes });
};
