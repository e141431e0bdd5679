import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findShipped, type ShippedChromium, tarEntries, unpackChromium } from "#render/unpack.ts";

let folder: string;
let shipped: ShippedChromium;

/** A small package of the same make as the real one, so that unpacking it a dozen times costs nothing. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "daybreak-unpack-"));
  const bin = join(folder, "bin");
  await mkdir(bin);
  const fast = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };
  await writeFile(join(bin, "chromium.br"), brotliCompressSync(Buffer.alloc(60_000_000, "chromium"), fast));
  await writeFile(join(bin, "swiftshader.tar.br"), brotliCompressSync(tar("libEGL.so", "gl")));
  await writeFile(join(bin, "al2023.tar.br"), brotliCompressSync(tar("lib/libnss3.so", "nss")));
  await writeFile(join(bin, "fonts.tar.br"), brotliCompressSync(tar("fonts/Open_Sans/a.ttf", "font")));
  shipped = { version: "1.2.3", bin };
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const tar = (name: string, text: string): Buffer => {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write("000755 \0", 100);
  header.write(`${text.length.toString(8).padStart(11, "0")} `, 124);
  header.write("0", 156);
  const body = Buffer.alloc(512);
  body.write(text);
  return Buffer.concat([header, body, Buffer.alloc(1024)]);
};

const unpackInChild = (cacheDir: string) =>
  spawn(
    process.execPath,
    [
      "--input-type=module-typescript",
      "-e",
      `import { unpackChromium } from "#render/unpack.ts";
       await unpackChromium(${JSON.stringify(shipped)}, ${JSON.stringify(cacheDir)}, () => console.log("begun"));
       console.log("done");`,
    ],
    { cwd: join(import.meta.dirname, "../.."), stdio: ["ignore", "pipe", "inherit"] },
  );

test("everything lies under its version, for this user alone", async () => {
  const cacheDir = join(folder, "whole");
  const unpacked = await unpackChromium(shipped, cacheDir);
  expect(unpacked.folder).toBe(join(cacheDir, "chromium-1.2.3"));
  expect((await stat(unpacked.folder)).mode & 0o777).toBe(0o700);
  expect((await stat(unpacked.executable)).mode & 0o777).toBe(0o700);
  expect((await stat(unpacked.executable)).size).toBe(60_000_000);
  expect(await readdir(unpacked.libraries)).toEqual(["libnss3.so"]);
  expect(await readdir(cacheDir)).toEqual(["chromium-1.2.3"]);
});

test("what is unpacked is not unpacked again", async () => {
  const cacheDir = join(folder, "once");
  await unpackChromium(shipped, cacheDir);
  let begun = 0;
  await unpackChromium(shipped, cacheDir, () => (begun += 1));
  expect(begun).toBe(0);
});

test("what a process leaves that is killed half-way is not used, and is swept", async () => {
  const cacheDir = join(folder, "killed");
  const child = unpackInChild(cacheDir);
  await once(child.stdout, "data");
  child.kill("SIGKILL");
  await once(child, "exit");
  const left = await readdir(cacheDir);
  expect(left.filter((name) => name === "chromium-1.2.3")).toEqual([]);
  expect(left.filter((name) => name.includes(".part-"))).toHaveLength(1);
  const unpacked = await unpackChromium(shipped, cacheDir);
  expect((await stat(unpacked.executable)).size).toBe(60_000_000);
  expect(await readdir(cacheDir)).toEqual(["chromium-1.2.3"]);
});

test("two processes that unpack at once both end with the whole", async () => {
  const cacheDir = join(folder, "both");
  const children = [unpackInChild(cacheDir), unpackInChild(cacheDir)];
  const codes = await Promise.all(children.map(async (child) => (await once(child, "exit"))[0]));
  expect(codes).toEqual([0, 0]);
  expect(await readdir(cacheDir)).toEqual(["chromium-1.2.3"]);
  expect((await stat(join(cacheDir, "chromium-1.2.3/chromium"))).size).toBe(60_000_000);
});

test("a folder that others may write is refused and not run", async () => {
  const cacheDir = join(folder, "foreign");
  await mkdir(join(cacheDir, "chromium-1.2.3"), { recursive: true });
  await chmod(join(cacheDir, "chromium-1.2.3"), 0o777);
  await expect(unpackChromium(shipped, cacheDir)).rejects.toMatchObject({ code: "browser.missing" });
});

test("an archive that names a file outside is refused", () => {
  expect(() => [...tarEntries(tar("../outside", "x"))]).toThrow("outside");
  expect(() => [...tarEntries(tar("/etc/outside", "x"))]).toThrow("outside");
});

test("the shipped Chromium is found in its package", async () => {
  const found = await findShipped();
  expect(found?.version).toMatch(/^\d+\.\d+\.\d+$/);
});
