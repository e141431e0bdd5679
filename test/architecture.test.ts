import { existsSync, readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { placesWithRule, pureRules } from "./support/rules.ts";
import { codeOf, filesBelow, importsOf, placeOf, read, root, type SourceFile, takesIn } from "./support/sources.ts";

const src = filesBelow("src", ".ts");
const everything = ["src", "test", "demo", "bench", "scripts"].flatMap((folder) => filesBelow(folder, ".ts"));
const byPath: ReadonlyMap<string, SourceFile> = new Map(src.map((file) => [file.path, file]));
const pathsWhere = (files: readonly SourceFile[], isWrong: (file: SourceFile) => boolean): readonly string[] =>
  files.filter(isWrong).map((file) => file.path);

test("each folder of src has an import rule in biome.json", () => {
  const folders = readdirSync(`${root}src`, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const without = folders.filter(({ name }) => !placesWithRule.includes(`src/${name}/**`));
  expect(without.map(({ name }) => name)).toEqual([]);
});

test("each file beside the folders has an import rule, but for the composition root", () => {
  const beside = readdirSync(`${root}src`).filter((name) => name.endsWith(".ts") && name !== "app.ts");
  expect(beside.filter((name) => !placesWithRule.includes(`src/${name}`))).toEqual([]);
});

test("each import rule has its folder or file", () => {
  // A stage may be too small for a plan of its own.
  const named = placesWithRule.filter((glob) => !/\/plan(\.ts|\/\*\*)$/.test(glob));
  const places = named.map((glob) => glob.replace(/\/\*\*(\/.*)?$/, ""));
  expect([...new Set(places)].filter((place) => !existsSync(root + place))).toEqual([]);
});

const isPurePlace = (path: string): boolean => pureRules.some((globs) => takesIn(globs, path));

const reach = (from: SourceFile, seen: Map<string, SourceFile>): void => {
  if (seen.has(from.path)) return;
  seen.set(from.path, from);
  for (const wanted of importsOf(from.text)) {
    const next = byPath.get(placeOf(from.path, wanted) ?? "");
    if (next) reach(next, seen);
  }
};

/** Pure files and all that they import, directly or not. */
const pureFiles = (): readonly SourceFile[] => {
  const seen = new Map<string, SourceFile>();
  for (const file of src) if (isPurePlace(file.path)) reach(file, seen);
  return [...seen.values()];
};

const vendorsOf: Readonly<Record<string, readonly string[]>> = {
  "src/model/time.ts": ["temporal-polyfill"],
  "src/schedule/cron.ts": ["croner"],
};

test("what a pure file imports is pure too, all the way down", () => {
  const strangers = pureFiles().flatMap(({ path, text }) =>
    importsOf(text)
      .filter((wanted) => placeOf(path, wanted) === null && !vendorsOf[path]?.includes(wanted))
      .map((wanted) => `${path} imports ${wanted}`),
  );
  expect(strangers).toEqual([]);
});

const effects =
  /(?<![.\w#])(?:Date|Temporal\.Now|Math\.random|performance|fetch|setTimeout|setInterval|setImmediate|queueMicrotask|process|globalThis|crypto|console)\s*[.(]|\bnew Date\b/;

test("no pure file, and nothing that one imports, names the clock, chance, timers, the network or the process", () => {
  const found = pureFiles().flatMap(({ path, text }) =>
    codeOf(text)
      .split("\n")
      .flatMap((line, at) => (effects.test(line) ? [`${path}:${at + 1} ${line.trim()}`] : [])),
  );
  expect(found).toEqual([]);
});

/** The word before the first dash is an adapter's kind: smtp.ts and smtp-faults.ts are one, and so is all in a folder. */
const adapterPath =
  /^(?<folder>src\/(?:render\/servers|send\/mailers|readiness\/probes|sources|bucket|alert)\/)(?<kind>[a-z0-9]+)[^/]*(?<deeper>\/)?/;

/** What a file is an adapter of; null for none. A file beside folders of adapters is what they share. */
const adapterOf = ({ path, text }: SourceFile): { readonly folder: string; readonly kind: string } | null => {
  const { folder, kind, deeper } = adapterPath.exec(path)?.groups ?? {};
  if (!folder || !kind || kind === "port") return null;
  if (folder === "src/render/servers/" && !deeper) return null;
  return importsOf(text).some((wanted) => wanted.endsWith("/port.ts")) ? { folder, kind } : null;
};

test("no adapter imports another of its kind", () => {
  const wrong = src.flatMap((file) => {
    const own = adapterOf(file);
    if (!own) return [];
    const others = importsOf(file.text).flatMap((wanted) => byPath.get(placeOf(file.path, wanted) ?? "") ?? []);
    return others
      .filter((other) => adapterOf(other)?.folder === own.folder && adapterOf(other)?.kind !== own.kind)
      .map((other) => `${file.path} imports ${other.path}`);
  });
  expect(wrong).toEqual([]);
});

test("the story pages have at most 100 lines", () => {
  const pages = ["src/slot.ts", "src/deliver.ts", "src/backup/run.ts"].flatMap((path) => byPath.get(path) ?? []);
  expect(pathsWhere(pages, ({ text }) => text.trimEnd().split("\n").length > 100)).toEqual([]);
});

test("main.ts has at most 20 lines", () => {
  const main = byPath.get("src/main.ts");
  expect(main?.text.trimEnd().split("\n").length ?? 0).toBeLessThanOrEqual(20);
});

test("no file is named for what it might hold", () => {
  const vague =
    /(?:^|[-./])(?:index|utils?|helpers?|common|lib|types?|managers?|services?|handlers?|data|info|misc|shared)(?=[-./]|$)/;
  expect(pathsWhere(everything, ({ path }) => vague.test(path))).toEqual([]);
});

test("nobody silences a rule of the house or the type checker", () => {
  const silenced =
    /@ts-(?:ignore|nocheck|expect-error)|biome-ignore[^\n]*(?:noRestricted|noProcessEnv|noExcessive|useMaxParams|noExplicitAny|noNonNull|noDefaultExport|noBarrelFile|noImportCycles|FloatingPromises|plugin)|biome-ignore-all/;
  const own = src.filter(({ path }) => !path.endsWith(".d.ts"));
  expect(pathsWhere(own, ({ text }) => silenced.test(text))).toEqual([]);
});

test("src imports its own by #, with the ending", () => {
  const wrong = src.flatMap(({ path, text }) =>
    importsOf(text)
      .filter(
        (wanted) => wanted.startsWith("../") || (/^[#.]/.test(wanted) && !byPath.has(placeOf(path, wanted) ?? "")),
      )
      .map((wanted) => `${path} imports ${wanted}`),
  );
  expect(wrong).toEqual([]);
});

interface Lock {
  readonly packages: Readonly<Record<string, { readonly optionalDependencies?: Readonly<Record<string, string>> }>>;
}

test("package-lock.json names the optional packages of every platform (if not: node scripts/complete-lock.ts)", () => {
  const { packages }: Lock = JSON.parse(read("package-lock.json"));
  const names = Object.keys(packages);
  const wanted = Object.values(packages).flatMap((entry) => Object.keys(entry.optionalDependencies ?? {}));
  expect(wanted.filter((name) => !names.some((place) => place.endsWith(`node_modules/${name}`)))).toEqual([]);
});

test("the Node of .nvmrc is the one that package.json pins", () => {
  expect(read(".nvmrc").trim()).toBe(JSON.parse(read("package.json")).devDependencies.node);
});
