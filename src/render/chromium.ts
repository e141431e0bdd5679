import { execFile } from "node:child_process";
import { constants, readFileSync } from "node:fs";
import { access, mkdir } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { executablePath } from "puppeteer";
import { Fault, wordsOf } from "#model/fault.ts";
import { writeFontConfig } from "#render/fonts.ts";
import { type ChromiumInstall, launchChromium, launchFlags } from "#render/launch.ts";
import { findShipped, type ShippedChromium, unpackChromium, unpackFonts } from "#render/unpack.ts";

/** What is told while a Chromium is looked for. */
export type ChromiumNote =
  | { readonly event: "chromium.unpacking"; readonly version: string; readonly into: string }
  | { readonly event: "chromium.refused"; readonly path: string; readonly why: string }
  | { readonly event: "chromium.no-sandbox"; readonly path: string; readonly why: string };

/** Where to look, and in which order nothing is asked: an operator's own path alone, if there is one. */
export interface FindOptions {
  /** A path from the configuration; when it is given no other is tried. */
  readonly configured?: string;
  readonly cacheDir: string;
  /** The environment of this process; PATH, HOME, LANG and the proxy settings of it are passed on. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** `auto`, the default: on where it can be. `on`: a browser that can't have it is refused. */
  readonly sandbox?: "auto" | "on" | "off";
  /** Kinds to try, for tests; all by default, in the order of trying. */
  readonly kinds?: readonly ChromiumInstall["kind"][];
  readonly onProgress?: (note: ChromiumNote) => void;
}

const allKinds: readonly ChromiumInstall["kind"][] = ["puppeteer", "shipped", "system"];
const trialLimits = { launchMs: 20_000, callMs: 10_000, closeMs: 3_000 };
const missingHint =
  "Run npm install with optional dependencies, install Chromium or Chrome, or set the browser's path in the configuration.";

/**
 * The Chromium that draws: the configured path, else puppeteer's own download, else the one that is shipped, else the machine's.
 * Each candidate is started once before it is believed. Fault `browser.missing` when none starts.
 */
export const findChromium = async (options: FindOptions): Promise<ChromiumInstall> => {
  await mkdir(options.cacheDir, { recursive: true, mode: 0o700 });
  if (options.configured !== undefined) return takeConfigured(options.configured, options);
  const refused: string[] = [];
  for (const kind of options.kinds ?? allKinds) {
    for (const candidate of await candidatesOf(kind, options)) {
      const tried = await tryCandidate(candidate, options);
      if ("install" in tried) return tried.install;
      refused.push(`${candidate.path}: ${tried.why}`);
      options.onProgress?.({ event: "chromium.refused", path: candidate.path, why: tried.why });
    }
  }
  const what = refused.length === 0 ? "No Chromium was found." : `No Chromium could be started. ${refused.join("; ")}`;
  throw new Fault("browser.missing", what, { hint: missingHint });
};

const takeConfigured = async (path: string, options: FindOptions): Promise<ChromiumInstall> => {
  const tried = (await isProgram(path))
    ? await tryCandidate(await plainCandidate("configured", path, options), options)
    : { why: "there is no program at this path" };
  if ("install" in tried) return tried.install;
  throw new Fault("browser.missing", `The configured browser ${path} can't be used: ${tried.why}`, {
    hint: "Correct the browser's path in the configuration, or leave it out so that the shipped Chromium is used.",
  });
};

const candidatesOf = async (
  kind: ChromiumInstall["kind"],
  options: FindOptions,
): Promise<readonly ChromiumInstall[]> => {
  switch (kind) {
    case "configured":
      return [];
    case "puppeteer":
      return plainCandidates(kind, await puppeteerPaths(), options);
    case "shipped":
      return shippedCandidates(await findShipped(), options);
    case "system":
      return plainCandidates(kind, systemPaths(options.environment?.["PATH"]), options);
  }
};

const plainCandidates = async (
  kind: ChromiumInstall["kind"],
  paths: readonly string[],
  options: FindOptions,
): Promise<readonly ChromiumInstall[]> => {
  const found: ChromiumInstall[] = [];
  for (const path of new Set(paths)) {
    if (await isProgram(path)) found.push(await plainCandidate(kind, path, options));
  }
  return found;
};

const plainCandidate = async (
  kind: ChromiumInstall["kind"],
  path: string,
  options: FindOptions,
): Promise<ChromiumInstall> => {
  const shipped = await findShipped();
  const openSans = shipped === null ? null : await unpackFonts(shipped, options.cacheDir);
  const fonts = await writeFontConfig(options.cacheDir, openSans);
  return { path, kind, env: browserEnv(options, fonts), args: launchFlags, cacheDir: options.cacheDir };
};

/** The libraries that came with it are tried first, since a bare machine has none; on a machine too old for them its own may do. */
const shippedCandidates = async (
  shipped: ShippedChromium | null,
  options: FindOptions,
): Promise<readonly ChromiumInstall[]> => {
  if (shipped === null) return [];
  const { cacheDir, onProgress } = options;
  const unpacked = await unpackChromium(shipped, cacheDir, () =>
    onProgress?.({ event: "chromium.unpacking", version: shipped.version, into: cacheDir }),
  );
  const env = browserEnv(options, await writeFontConfig(cacheDir, unpacked.fonts));
  const own = { path: unpacked.executable, kind: "shipped" as const, args: launchFlags, cacheDir };
  return [
    { ...own, env: { ...env, LD_LIBRARY_PATH: unpacked.libraries } },
    { ...own, env },
  ];
};

const passedOn = [
  "PATH",
  "HOME",
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "NO_PROXY",
  "http_proxy",
  "https_proxy",
  "no_proxy",
] as const;

const browserEnv = (options: FindOptions, fontConfig: string): Record<string, string> => {
  const env: Record<string, string> = { PATH: "/usr/local/bin:/usr/bin:/bin", HOME: homedir() };
  for (const name of passedOn) {
    const value = options.environment?.[name];
    if (value !== undefined) env[name] = value;
  }
  return { ...env, LANG: "C.UTF-8", TZ: "UTC", FONTCONFIG_FILE: fontConfig };
};

type Tried = { readonly install: ChromiumInstall } | { readonly why: string };

const tryCandidate = async (candidate: ChromiumInstall, options: FindOptions): Promise<Tried> => {
  const { sandbox = "auto" } = options;
  const obstacle = sandbox === "off" ? "browser.sandbox is off" : sandboxObstacle();
  if (obstacle === null) {
    const tried = await tryStart(candidate);
    if ("install" in tried || sandbox === "on") return tried;
  }
  if (sandbox === "on") return { why: `browser.sandbox is on, but ${obstacle}` };
  const tried = await tryStart({ ...candidate, args: [...candidate.args, "--no-sandbox"] });
  if ("install" in tried) {
    const why = obstacle ?? "it did not start with its sandbox on";
    options.onProgress?.({ event: "chromium.no-sandbox", path: candidate.path, why });
  }
  return tried;
};

const tryStart = async (candidate: ChromiumInstall): Promise<Tried> => {
  try {
    const running = await launchChromium(candidate, trialLimits);
    try {
      return { install: { ...candidate, version: await running.browser.version() } };
    } finally {
      await running.close(trialLimits.closeMs);
    }
  } catch (error) {
    return { why: (await lastWords(candidate)) ?? wordsOf(error) };
  }
};

/** What the program itself says about why it doesn't run, such as the name of a library; the connection only knows that it fell. */
const lastWords = ({ path, env }: ChromiumInstall): Promise<string | null> =>
  new Promise((done) => {
    execFile(path, ["--version"], { env, timeout: 5_000 }, (error, _, words) => {
      done(error === null ? null : words.trim().split("\n").at(-1) || null);
    });
  });

/** Why Chromium's sandbox cannot work here, as far as it can be known without starting it, or `null`. */
const sandboxObstacle = (): string | null => {
  if (process.platform !== "linux") return null;
  if (process.getuid?.() === 0) return "the program runs as root, with which Chromium's sandbox doesn't work";
  if (numberIn("/proc/sys/user/max_user_namespaces") === 0) return "the machine allows no user namespaces";
  if (numberIn("/proc/sys/kernel/unprivileged_userns_clone") === 0)
    return "the machine allows user namespaces to root alone";
  return null;
};

const numberIn = (path: string): number | null => {
  try {
    return Number(readFileSync(path, "utf8").trim());
  } catch {
    return null;
  }
};

const puppeteerPaths = async (): Promise<readonly string[]> => {
  const found: string[] = [];
  for (const headless of ["shell", true] as const) {
    try {
      found.push(await executablePath({ headless }));
    } catch {}
  }
  return found;
};

const systemNames = [
  "chrome-headless-shell",
  "google-chrome-stable",
  "google-chrome",
  "chromium",
  "chromium-browser",
  "chrome",
] as const;

const usualFolders = ["/usr/local/bin", "/usr/bin", "/snap/bin", "/opt/google/chrome"] as const;

const usualPrograms = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
] as const;

const systemPaths = (path = ""): readonly string[] => {
  const folders = [...path.split(delimiter).filter((folder) => folder !== ""), ...usualFolders];
  return [...systemNames.flatMap((name) => folders.map((folder) => join(folder, name))), ...usualPrograms];
};

const isProgram = (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
