/** `npm run bench -- NAME`: runs bench/NAME.ts; without a name, says which there are. */
import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = new URL("../bench/", import.meta.url);
const names = readdirSync(folder)
  .filter((file) => file.endsWith(".ts"))
  .map((file) => file.slice(0, -3));
const [name, ...words] = process.argv.slice(2);
const program = new URL(`${name}.ts`, folder);

if (name && names.includes(name) && existsSync(program)) {
  const child = spawn(process.execPath, [fileURLToPath(program), ...words], { stdio: "inherit" });
  child.on("exit", (code) => {
    process.exitCode = code ?? 1;
  });
} else {
  process.stderr.write(`npm run bench -- NAME, where NAME is one of: ${names.join(", ") || "none yet"}\n`);
  process.exitCode = 2;
}
