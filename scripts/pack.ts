/**
 * Emits src/ as JavaScript into dist/, before `npm pack` takes it: Node runs no TypeScript below node_modules. What the program reads
 * beside itself goes along.
 */
import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");

/** Files of src that aren't emitted and are read while it runs. */
const readBeside = ["store/migrations"];

/** `#model/fault.ts` as the emitted file beside it is reached: the package's `#` leads to src, which it doesn't hold. */
const relativeImport = (file: string, wanted: string): string => {
  const path = relative(dirname(file), join(dist, wanted)).split(sep).join("/");
  return `${path.startsWith(".") ? path : `./${path}`}`.replace(/\.ts$/, ".js");
};

const specifier = /((?:^|[\s}])from\s*|\bimport\s*\(?\s*)"#([^"\n]+\.ts)"/g;

const withRelativeImports = (file: string): void => {
  const text = readFileSync(file, "utf8");
  writeFileSync(
    file,
    text.replace(specifier, (_, before: string, wanted: string) => `${before}"${relativeImport(file, wanted)}"`),
  );
};

rmSync(dist, { recursive: true, force: true });
execFileSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", join(root, "scripts/emit.json")], {
  stdio: ["ignore", "inherit", "inherit"],
});
for (const folder of readBeside) cpSync(join(root, "src", folder), join(dist, folder), { recursive: true });
for (const name of readdirSync(dist, { recursive: true, encoding: "utf8" }))
  if (name.endsWith(".js")) withRelativeImports(join(dist, name));
// A checkout under a strict umask makes files that only their owner reads; what is packed is for everybody.
chmodSync(join(root, "bin/daybreak.cjs"), 0o755);
