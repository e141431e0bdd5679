import type { z } from "zod";
import type { Document, Path } from "#config/document.ts";
import { variableOf } from "#config/environment.ts";
import { isSecretName } from "#config/mask.ts";
import { type Finding, valueAt } from "#config/mistakes.ts";
import { schema, type Written } from "#config/schema.ts";
import { keysOf, type Shape, shapeAt, wholeShape } from "#config/shape.ts";
import { nearestOf, quoted } from "#model/nearest.ts";

type Issue = z.core.$ZodIssue;

/** What the schema says of the file: the settings without what is wrong, and everything that is wrong. */
export interface Judgement {
  readonly written: Written;
  readonly findings: readonly Finding[];
  /** Keys that were meant by mistyped ones: they aren't missing as well. */
  readonly meant: readonly Path[];
}

const rootError = (issue: Issue): boolean => issue.code === "invalid_type" && issue.path.length === 0;

/** Of the forms that a value may have, the mistakes of the one that it was meant to have; the first says it for all of them. */
const meantForm = (forms: readonly (readonly Issue[])[]): readonly Issue[] => {
  const possible = forms.filter((form) => !form.some(rootError));
  return possible.at(-1) ?? (forms[0] ?? []).slice(0, 1);
};

const flat = (issue: Issue, above: Path): readonly Issue[] => {
  const path = [...above, ...(issue.path as Path)];
  if (issue.code !== "invalid_union") return [{ ...issue, path: [...path] }];
  return meantForm(issue.errors).flatMap((inner) => flat(inner, path));
};

const oneOf = (words: readonly string[], received: unknown): string => {
  const last = words.at(-1) ?? "";
  const all = words.length === 1 ? last : `${words.slice(0, -1).join(", ")} or ${last}`;
  const near = typeof received === "string" ? nearestOf(received, words) : [];
  return `must be ${all}; ${near.length > 0 ? `did you mean ${quoted(near)}?` : "write one of these"}`;
};

const sectionMessage = "must be a section; write its keys below it, indented";
const emptyMessage = "has no value; write one, or delete the line";

const messageOf = (issue: Issue, received: unknown): string => {
  if (received === null) return emptyMessage;
  if (issue.code === "invalid_value") return oneOf(issue.values.map(String), received);
  if (issue.code === "invalid_key") return issue.issues[0]?.message ?? "is no name; choose another";
  const isSection = issue.code === "invalid_type" && (issue.expected === "object" || issue.expected === "record");
  return isSection ? sectionMessage : issue.message;
};

/** The variable that holds what was about to be written into the file. */
const variableFor = (path: Path, key: string): string => {
  const what = /token|key|auth/i.test(key) ? "TOKEN" : "PASSWORD";
  if (path[0] === "mail") return "DAYBREAK_MAIL_PASSWORD";
  if (path[0] === "buckets") return "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
  if (path[0] === "server") return `DAYBREAK_${what}`;
  return path[0] === "servers" && path.length > 1 ? variableOf(String(path[1]), what) : "an environment variable";
};

const unknownKey = (path: Path, key: string, known: readonly string[]): string => {
  const near = nearestOf(key, known);
  if (near.length > 0) return `is no known key; did you mean ${quoted(near)}?`;
  if (!isSecretName(key)) return `is no known key; known here are ${known.join(", ")}`;
  return `is a secret, which never stands in this file; set ${variableFor(path, key)} in the environment or in .env beside it`;
};

/** What one look at the settings found, and what to take away before the next. */
interface Found {
  readonly findings: readonly Finding[];
  readonly meant: readonly Path[];
  readonly wrong: readonly Path[];
}

const unknownKeys = (issue: Issue & { readonly keys: readonly string[] }, shape: Shape): Found => {
  const path = issue.path as Path;
  const known = Object.keys(keysOf(shapeAt(shape, path)));
  const wrong = issue.keys.map((key): Path => [...path, key]);
  const meant = issue.keys.flatMap((key) => nearestOf(key, known).map((near): Path => [...path, near]));
  const findings = issue.keys.map((key): Finding => {
    return { path: [...path, key], message: unknownKey(path, key, known), part: "key" };
  });
  return { findings, meant, wrong };
};

const foundIn = (issue: Issue, document: Document, shape: Shape): Found => {
  if (issue.code === "unrecognized_keys") return unknownKeys(issue, shape);
  const path = issue.path as Path;
  const part = issue.code === "invalid_key" ? "key" : "value";
  const message = messageOf(issue, valueAt(document.value, path));
  return { findings: [{ path, message, part }], meant: [], wrong: [path] };
};

/** Takes the value at `path` away; from a list the whole list, since the places behind it would change. */
const prune = (root: unknown, path: Path): void => {
  const firstPlace = path.findIndex((step) => typeof step === "number");
  const target = firstPlace === -1 || firstPlace < path.length - 1 ? path : path.slice(0, firstPlace);
  const key = target.at(-1);
  const parent = valueAt(root, target.slice(0, -1));
  if (key === undefined || typeof parent !== "object" || parent === null) return;
  delete (parent as Record<string, unknown>)[key];
};

/** Each round takes away what the last one found wrong; mistakes of one place are only as deep as the file. */
const MOST_ROUNDS = 20;

const isMap = (value: unknown): boolean => typeof value === "object" && value !== null && !Array.isArray(value);

/** Settings, with everything wrong found at once: what is wrong is taken away until the rest is right. */
export const judge = (document: Document): Judgement => {
  const findings: Finding[] = [];
  const meant: Path[] = [];
  const isSection = isMap(document.value);
  if (!isSection)
    findings.push({ path: [], message: "the file must hold keys; begin with “server: https://…”", part: "key" });
  const rest = isSection ? structuredClone(document.value) : {};
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const read = schema.safeParse(rest);
    if (read.success) return { written: read.data, findings, meant };
    const issues = read.error.issues.flatMap((issue) => flat(issue, []));
    const shape = wholeShape();
    for (const found of issues.map((issue) => foundIn(issue, document, shape))) {
      findings.push(...found.findings);
      meant.push(...found.meant);
      for (const path of found.wrong) prune(rest, path);
    }
  }
  return { written: schema.parse({}), findings, meant };
};
