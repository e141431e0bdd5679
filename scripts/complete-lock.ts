/**
 * Adds to package-lock.json the optional packages of other platforms that the registry at hand didn't have when the lock
 * was written. `npm ci` refuses a lock that leaves them out, although it would never install them here.
 * Run it after `npm install` when the architecture test says so: node scripts/complete-lock.ts
 */
import { readFileSync, writeFileSync } from "node:fs";

interface Entry {
  readonly version?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const file = new URL("../package-lock.json", import.meta.url);
const lock: { packages: Record<string, Entry> } = JSON.parse(readFileSync(file, "utf8"));

const systems = ["aix", "android", "darwin", "freebsd", "linux", "netbsd", "openbsd", "openharmony", "sunos", "win32"];
const processors = ["arm64", "arm", "ia32", "loong64", "mips64el", "ppc64", "riscv64", "s390x", "x64", "wasm32"];

const wordIn = (name: string, words: readonly string[]): string | undefined =>
  words.find((word) => name.split(/[-/]/).some((part) => part === word || part.startsWith(word)));

const libcOf = (name: string): string | undefined => {
  if (name.endsWith("-musl")) return "musl";
  return /-gnu\w*$/.test(name) ? "glibc" : undefined;
};

const platformOf = (name: string): Pick<Entry, "os" | "cpu" | "libc"> => {
  const os = wordIn(name, systems);
  const cpu = wordIn(name, processors);
  const libc = libcOf(name);
  return { ...(os && { os: [os] }), ...(cpu && { cpu: [cpu] }), ...(libc && { libc: [libc] }) };
};

const isThere = (from: string, name: string): boolean => {
  const place = from === "" ? `node_modules/${name}` : `${from}/node_modules/${name}`;
  if (place in lock.packages) return true;
  if (from === "") return false;
  return isThere(from.slice(0, Math.max(0, from.lastIndexOf("/node_modules/"))), name);
};

for (const [place, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    if (isThere(place, name)) continue;
    const platform = platformOf(name);
    if (!platform.os && !platform.cpu)
      throw new Error(`${name} ${version}, wanted by ${place}, is for no known platform`);
    lock.packages[`node_modules/${name}`] = { version, ...platform, ...(entry.dev && { dev: true }), optional: true };
    console.log(`added ${name} ${version} ${JSON.stringify(platform)}`);
  }
}
const sorted = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(file, `${JSON.stringify({ ...lock, packages: sorted }, null, 2)}\n`);
