/**
 * Programs from Debian's packages, unpacked into a folder: nothing is installed and no root is needed. apt itself finds, downloads and
 * verifies them, with lists and a cache of its own, so that the machine's stay as they are.
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);

/** What is unpacked stays for later runs. */
const cache = fileURLToPath(new URL("../../.daybreak/cache", import.meta.url));

/** Programs to have: the packages, and one file by which it is known that they are there. */
export interface DebianAsk {
  /** Of the folder in the cache. */
  readonly name: string;
  readonly packages: readonly string[];
  /** Path below the root. */
  readonly proof: string;
  /** Packages of what they depend on that are unpacked too; others are left out. */
  readonly isNeeded: (name: string) => boolean;
}

/** Where they lie, or why they can't be had. */
export type DebianRoot = { readonly root: string } | { readonly reason: string };

/** Gets and unpacks packages, or finds them where an earlier run has put them. */
export const unpackedDebian = async (ask: DebianAsk): Promise<DebianRoot> => {
  const folder = join(cache, ask.name);
  const root = join(folder, "root");
  if (existsSync(join(root, ask.proof))) return { root };
  try {
    await mkdir(folder, { recursive: true });
    const draft = await mkdtemp(join(folder, "draft-"));
    try {
      await unpack(ask, draft);
      // Somebody else may have been faster; theirs is as good.
      await rename(join(draft, "root"), root).catch(() => {});
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
    if (existsSync(join(root, ask.proof))) return { root };
    return { reason: `${ask.packages.join(", ")}: ${ask.proof} is missing in what was unpacked` };
  } catch (error) {
    return { reason: `${ask.packages.join(", ")} could not be had from apt: ${lastWords(error)}` };
  }
};

const lastWords = (error: unknown): string => {
  const { stderr = "", message = String(error) } = error as { readonly stderr?: string; readonly message?: string };
  return (stderr.trim() || message).split("\n").slice(-2).join(" ");
};

const unpack = async (ask: DebianAsk, draft: string): Promise<void> => {
  const apt = await aptIn(draft);
  // Lists of third parties may fail without harm: whether all is there shows in the next step.
  await apt(["-qq", "update"]).catch(() => {});
  const { stdout } = await apt(["install", "--simulate", "--no-install-recommends", ...ask.packages]);
  const names = [...stdout.matchAll(/^Inst (\S+)/gm)].map(([, name = ""]) => name);
  await apt(["download", ...names.filter((name) => ask.packages.includes(name) || ask.isNeeded(name))]);
  for (const file of await readdir(draft)) {
    if (file.endsWith(".deb")) await run("dpkg-deb", ["--extract", file, "root"], { cwd: draft });
  }
};

type Apt = (words: readonly string[]) => Promise<{ readonly stdout: string }>;

const aptIn = async (draft: string): Promise<Apt> => {
  const settings = {
    "Dir::State::Lists": join(draft, "lists"),
    "Dir::Cache": join(draft, "cache"),
    "APT::Sandbox::User": "",
    "Acquire::Languages": "none",
    "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled": "false",
    "Acquire::Retries": "2",
    "Acquire::http::Timeout": "15",
    "Acquire::https::Timeout": "15",
    "Debug::NoLocking": "true",
  };
  for (const folder of ["lists/partial", "cache/archives/partial"])
    await mkdir(join(draft, folder), { recursive: true });
  const options = Object.entries(settings).flatMap(([key, value]) => ["-o", `${key}=${value}`]);
  return (words) =>
    run("apt-get", [...options, ...words], {
      cwd: draft,
      timeout: 180_000,
      maxBuffer: 16_000_000,
      env: { ...process.env, LC_ALL: "C", DEBIAN_FRONTEND: "noninteractive" },
    });
};
