/** Reads the project's own source files as text, for the tests that hold its shape. */
import { readdirSync, readFileSync } from "node:fs";
import { matchesGlob, posix } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../", import.meta.url));

/** One file: its path from the root, and its text. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

export const read = (path: string): string => readFileSync(root + path, "utf8");

/** All files below a folder of the project whose name ends so; an absent folder has none. */
export const filesBelow = (folder: string, ending: string): readonly SourceFile[] => {
  try {
    return readdirSync(root + folder, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(ending) && !name.includes("node_modules"))
      .sort()
      .map((name) => ({ path: `${folder}/${name}`, text: read(`${folder}/${name}`) }));
  } catch {
    return [];
  }
};

/** Comments, and then strings too, become blanks; line breaks stay, so that line numbers do. */
const blank = (text: string, pattern: RegExp): string =>
  text.replace(pattern, (found) => found.replaceAll(/[^\n]/g, " "));

const stringsOrComments = /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|\/\*[\s\S]*?\*\/|(?<!:)\/\/[^\n]*/g;

const withoutComments = (text: string): string =>
  text.replace(stringsOrComments, (found) => (found.startsWith("/") ? blank(found, /[\s\S]+/) : found));

/** The code alone: no comments, no strings; what stands between backticks stays. */
export const codeOf = (text: string): string => blank(text, stringsOrComments);

/** What a file imports, exports from or imports while running, as written. */
export const importsOf = (text: string): readonly string[] =>
  [...withoutComments(text).matchAll(/\b(?:from|import)\s*\(?\s*["']([^"']+)["']/g)].map((found) => found[1] ?? "");

/** An import of the project's own as a path from the root; null for packages and parts of Node. */
export const placeOf = (from: string, wanted: string): string | null => {
  if (wanted.startsWith("#")) return `src/${wanted.slice(1)}`;
  return wanted.startsWith(".") ? posix.join(posix.dirname(from), wanted) : null;
};

/** True when the last of a linter override's globs that speaks of the path takes it in. */
export const takesIn = (globs: readonly string[], path: string): boolean =>
  globs.some((glob) => !glob.startsWith("!") && matchesGlob(path, glob)) &&
  !globs.some((glob) => glob.startsWith("!") && matchesGlob(path, glob.slice(1)));
