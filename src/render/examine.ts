/** Tries the browser and the report servers as drawing would use them, for `doctor`. */
import { type BrowserLimits, openBrowser } from "#render/browser.ts";
import type { ChromiumInstall } from "#render/launch.ts";
import type { Tab } from "#render/page/tab.ts";

/** What was found out about the browser. */
export interface BrowserState {
  readonly path: string;
  readonly kind: ChromiumInstall["kind"];
  readonly version: string;
  readonly isSandboxed: boolean;
  /** Scripts without a font of their own: their letters come out as empty boxes. */
  readonly missing: readonly string[];
}

/** One letter of each script, drawn and compared with one that no font has. */
const samples = {
  emoji: "\u{1f4c8}",
  Japanese: "\u3042",
  Chinese: "\u4e2d",
  Korean: "\ud55c",
} as const;

const look: Tab["look"] = { width: 400, height: 300, scale: 1, locale: "en", zone: "UTC", theme: "light" };

/** Draws in the page; a letter whose pixels are those of a letter that doesn't exist has no font. */
const script = `(samples) => {
  const pixels = (text) => {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 64;
    const pen = canvas.getContext("2d");
    pen.font = "48px sans-serif";
    pen.fillText(text, 4, 52);
    return Array.from(pen.getImageData(0, 0, 64, 64).data).join();
  };
  const tofu = [pixels("\\u{10fffe}"), pixels("\\u0378"), pixels(" ")];
  return Object.entries(samples).filter(([, letter]) => tofu.includes(pixels(letter))).map(([name]) => name);
}`;

/** Starts the browser and draws letters of many scripts. Throws `browser.missing` or `browser.crashed`. */
export const examineBrowser = async (install: ChromiumInstall, limits: BrowserLimits): Promise<BrowserState> => {
  await using browser = openBrowser(install, limits);
  await using tab = await browser.page({ look, hosts: { pages: [] } });
  const missing: unknown = await tab.page.evaluate(`(${script})(${JSON.stringify(samples)})`);
  return {
    path: install.path,
    kind: install.kind,
    version: install.version ?? "",
    isSandboxed: !install.args.includes("--no-sandbox"),
    missing: Array.isArray(missing) ? missing.map(String) : [],
  };
};
