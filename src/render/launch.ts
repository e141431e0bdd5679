import { type Browser, launch } from "puppeteer";
import { Fault, wordsOf } from "#model/fault.ts";
import { makeProfile } from "#render/profile.ts";
import { within } from "#runtime/timeout.ts";

/** A Chromium that was found and has been started once on this machine. */
export interface ChromiumInstall {
  readonly path: string;
  readonly kind: "configured" | "puppeteer" | "shipped" | "system";
  /** The whole environment of the browser; it gets nothing else of ours, so no secret of ours is in it. */
  readonly env: Readonly<Record<string, string>>;
  readonly args: readonly string[];
  readonly cacheDir: string;
  readonly version?: string;
}

/** How long a start and a single answer of the browser may take. */
export interface LaunchLimits {
  readonly launchMs: number;
  readonly callMs: number;
}

/** A running browser with its own folder, which goes when it ends. */
export interface RunningChromium {
  readonly browser: Browser;
  readonly pid: number;
  /** Asks it to close, so that it collects its own children; ends what is left after `ms`. */
  readonly close: (ms: number) => Promise<void>;
  /** Ends every process of the browser at once and removes its folder. */
  readonly end: () => void;
}

/** Names and addresses of a cloud's metadata, which no page may reach by whatever way; the guard refuses them with a reason before that. */
const unreachable = [
  "169.254.*",
  "100.100.100.200",
  "168.63.129.16",
  "192.0.0.192",
  "metadata.google.internal",
  "metadata.goog",
  "instance-data",
] as const;

/**
 * Flags for each start, beside puppeteer's own (no sync, no first run, no background requests, sRGB). Without the GPU process's
 * work a picture takes two thirds of the time, and WebGL still draws (in software). A kept previous page would be the previous recipient's.
 */
export const launchFlags: readonly string[] = [
  "--disable-gpu",
  "--font-render-hinting=none",
  "--disable-lcd-text",
  "--block-new-web-contents",
  "--disable-component-update",
  "--disable-domain-reliability",
  "--disable-notifications",
  "--deny-permission-prompts",
  // One that pages share belongs to none of them, so neither the guard nor the recorder would see what it asks for.
  "--disable-shared-workers",
  "--no-default-browser-check",
  "--no-pings",
  "--disk-cache-size=67108864",
  "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
  `--host-resolver-rules=${unreachable.map((host) => `MAP ${host} ~NOTFOUND`).join(", ")}`,
  "--disable-features=BackForwardCache,Prerender2,DnsOverHttps",
];

/** Starts the browser in a process group and a folder of its own. It talks over a pipe: no port, nobody else on the machine can join. */
export const launchChromium = async (install: ChromiumInstall, limits: LaunchLimits): Promise<RunningChromium> => {
  const profile = await makeProfile(install.cacheDir);
  try {
    const browser = await launch({
      executablePath: install.path,
      headless: "shell",
      pipe: true,
      args: [...install.args],
      env: { ...install.env },
      userDataDir: profile.folder,
      timeout: limits.launchMs,
      protocolTimeout: limits.callMs,
      defaultViewport: null,
      downloadBehavior: { policy: "deny" },
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
    });
    const pid = browser.process()?.pid ?? 0;
    profile.follow(pid);
    return { browser, pid, close: (ms) => close(browser, ms).finally(profile.end), end: profile.end };
  } catch (error) {
    profile.end();
    throw new Fault("browser.start", `Chromium at ${install.path} did not start: ${wordsOf(error)}`, {
      hint: "Start it by hand to see why; a library may be missing, or memory.",
      retry: "later",
      cause: error,
    });
  }
};

const close = async (browser: Browser, ms: number): Promise<void> => {
  try {
    await within({ name: "closing the browser", ms }, () => browser.close());
  } catch {
    // What doesn't close is killed next.
  }
};
