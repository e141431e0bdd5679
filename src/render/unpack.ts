import { createReadStream, createWriteStream } from "node:fs";
import { lstat, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, isAbsolute, join, normalize } from "node:path";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliDecompress, createBrotliDecompress } from "node:zlib";
import { Fault, wordsOf } from "#model/fault.ts";
import { isLeftBehind, ownMark } from "#render/profile.ts";
import { systemClock } from "#runtime/clock.ts";

/** The Chromium that came with the program, as it lies in its npm package: packed. */
export interface ShippedChromium {
  readonly version: string;
  /** The folder with `chromium.br` and the packed libraries and fonts. */
  readonly bin: string;
}

/** Where everything of the shipped Chromium lies once it is unpacked. */
export interface UnpackedChromium {
  readonly folder: string;
  readonly executable: string;
  readonly libraries: string;
  readonly fonts: string;
}

const archives = ["swiftshader.tar.br", "al2023.tar.br", "fonts.tar.br"] as const;

/** A half-unpacked folder of another machine, whose processes can't be seen from here, is swept when it is this old. */
const abandonedAfterMs = 600_000;

/** The shipped Chromium, or `null` where its package isn't installed or has no binary for this machine. */
export const findShipped = async (): Promise<ShippedChromium | null> => {
  if (process.platform !== "linux" || process.arch !== "x64") return null;
  try {
    const entry = fileURLToPath(import.meta.resolve("@sparticuz/chromium"));
    const root = dirname(dirname(entry));
    const about: unknown = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
    await stat(join(root, "bin", "chromium.br"));
    return { version: versionIn(about), bin: join(root, "bin") };
  } catch {
    return null;
  }
};

const versionIn = (about: unknown): string =>
  typeof about === "object" && about !== null && "version" in about ? String(about.version) : "unknown";

/**
 * Unpacks the shipped Chromium into `<cacheDir>/chromium-<version>`, once; later calls find it there.
 * The package's own unpacker isn't used: it runs whatever already lies under a well-known name in the shared temporary folder.
 */
export const unpackChromium = async (
  shipped: ShippedChromium,
  cacheDir: string,
  onStart: () => void = () => {},
): Promise<UnpackedChromium> => {
  const folder = join(cacheDir, `chromium-${shipped.version}`);
  await unpackOnce(folder, async (part) => {
    onStart();
    await Promise.all([
      unpackBinary(join(shipped.bin, "chromium.br"), join(part, "chromium")),
      ...archives.map((name) => unpackArchive(join(shipped.bin, name), part)),
    ]);
  });
  return {
    folder,
    executable: join(folder, "chromium"),
    libraries: join(folder, "lib"),
    fonts: join(folder, "fonts"),
  };
};

/** Unpacks the shipped fonts alone, for a Chromium of the machine's own; the folder with them. */
export const unpackFonts = async (shipped: ShippedChromium, cacheDir: string): Promise<string> => {
  const folder = join(cacheDir, `chromium-fonts-${shipped.version}`);
  await unpackOnce(folder, (part) => unpackArchive(join(shipped.bin, "fonts.tar.br"), part));
  return join(folder, "fonts");
};

/**
 * Fills a folder unless it is there. It appears under its name only when it is complete, so a process that is killed
 * half-way leaves nothing that could be used.
 */
const unpackOnce = async (folder: string, fill: (part: string) => Promise<void>): Promise<void> => {
  await mkdir(dirname(folder), { recursive: true, mode: 0o700 });
  await sweepAbandoned(dirname(folder));
  if (await isOurs(folder)) return;
  const part = await mkdtemp(`${folder}${partMark}${ownMark(process.pid)}`);
  try {
    await fill(part);
    await takeName(part, folder);
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new Fault("browser.missing", `The shipped Chromium could not be unpacked into ${folder}: ${wordsOf(error)}`, {
      hint: "It needs about 230 MB: free the space, set home to another folder that this user may write, or set browser.path.",
      retry: "later",
      cause: error,
    });
  } finally {
    await rm(part, { recursive: true, force: true });
  }
};

/** Two processes may unpack at once: the first to rename wins and the other uses the winner's folder. */
const takeName = async (part: string, folder: string): Promise<void> => {
  try {
    await rename(part, folder);
  } catch (error) {
    if (!(await isOurs(folder))) throw error;
  }
};

/** True when the folder is there, is ours and nobody else may write it; what others could have written is never run. */
const isOurs = async (folder: string): Promise<boolean> => {
  const found = await lstat(folder).catch(() => null);
  if (found === null) return false;
  const owner = process.getuid?.() ?? found.uid;
  if (found.isDirectory() && found.uid === owner && (found.mode & 0o022) === 0) return true;
  throw new Fault("browser.missing", `${folder} belongs to somebody else or can be written by others; it isn't run.`, {
    hint: "Remove that folder, or set home to a folder of this user alone.",
  });
};

const partMark = ".part-";

const sweepAbandoned = async (cacheDir: string): Promise<void> => {
  for (const name of await readdir(cacheDir)) {
    const mark = name.split(partMark)[1];
    const path = join(cacheDir, name);
    if (mark !== undefined && (isLeftBehind(mark) || (await isOld(path))))
      await rm(path, { recursive: true, force: true });
  }
};

const isOld = async (path: string): Promise<boolean> => {
  const found = await stat(path).catch(() => null);
  return found !== null && systemClock.now().epochMilliseconds - found.mtimeMs > abandonedAfterMs;
};

const unpackBinary = async (from: string, to: string): Promise<void> => {
  const unpacker = createBrotliDecompress({ chunkSize: 1 << 20 });
  await pipeline(createReadStream(from, { highWaterMark: 1 << 20 }), unpacker, createWriteStream(to, { mode: 0o700 }));
};

const unpackArchive = async (from: string, folder: string): Promise<void> => {
  const archive = await promisify(brotliDecompress)(await readFile(from));
  for (const entry of tarEntries(archive)) {
    const path = join(folder, entry.name);
    await mkdir(entry.folder ? path : dirname(path), { recursive: true, mode: 0o700 });
    if (!entry.folder) await writeFile(path, entry.bytes, { mode: 0o600 | (entry.mode & 0o100) });
  }
};

/** One file or folder of a tar archive. */
export interface TarEntry {
  readonly name: string;
  readonly mode: number;
  readonly folder: boolean;
  readonly bytes: Uint8Array;
}

const block = 512;

/** The files and folders of a plain tar archive; links and other kinds are left out, names that lead outside are refused. */
export function* tarEntries(archive: Uint8Array): Generator<TarEntry> {
  for (let at = 0; at + block <= archive.length; ) {
    const header = archive.subarray(at, at + block);
    if (header[0] === 0) return;
    const size = octal(header, 124, 12);
    const kind = String.fromCharCode(header[156] ?? 0);
    const bytes = archive.subarray(at + block, at + block + size);
    if (bytes.length < size) throw new Error("the archive is cut short");
    if (kind === "0" || kind === "\0" || kind === "5") {
      yield { name: entryName(header), mode: octal(header, 100, 8), folder: kind === "5", bytes };
    }
    at += block + Math.ceil(size / block) * block;
  }
}

const entryName = (header: Uint8Array): string => {
  const prefix = words(header, 345, 155);
  const name = normalize(prefix === "" ? words(header, 0, 100) : `${prefix}/${words(header, 0, 100)}`);
  if (isAbsolute(name) || name.split("/").includes("..")) throw new Error(`the archive names a file outside: ${name}`);
  return name;
};

const words = (header: Uint8Array, from: number, length: number): string =>
  Buffer.from(header.subarray(from, from + length))
    .toString("utf8")
    .replace(/\0.*$/s, "");

const octal = (header: Uint8Array, from: number, length: number): number => {
  const value = Number.parseInt(words(header, from, length).trim(), 8);
  return Number.isNaN(value) ? 0 : value;
};
