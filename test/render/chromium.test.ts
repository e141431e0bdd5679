import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ChromiumNote, findChromium } from "#render/chromium.ts";
import { capturePng } from "#render/page/capture.ts";
import { open } from "#render/page/open.ts";
import { settle } from "#render/page/settle.ts";
import { openTestBrowser, testCacheDir, testChromium, testLook } from "../support/browsers.ts";
import { startPages } from "../support/pages.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "daybreak-chromium-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("the shipped Chromium is taken where no other is named or installed by puppeteer", async () => {
  const notes: ChromiumNote[] = [];
  const found = await findChromium({
    cacheDir: testCacheDir,
    kinds: ["shipped"],
    onProgress: (note) => notes.push(note),
  });
  expect(found).toMatchObject({ kind: "shipped", version: expect.stringMatching(/^HeadlessChrome\/\d+/) });
  expect(found.env["FONTCONFIG_FILE"]).toContain(testCacheDir);
  const noSandbox = notes.filter(({ event }) => event === "chromium.no-sandbox");
  expect(noSandbox).toHaveLength(found.args.includes("--no-sandbox") ? 1 : 0);
});

test("the browser's environment holds nothing of ours but paths and proxies", async () => {
  const environment = { PATH: "/usr/bin:/bin", SENDGRID_API_KEY: "secret", https_proxy: "http://proxy:3128" };
  const { env } = await findChromium({ cacheDir: testCacheDir, kinds: ["shipped"], environment });
  expect(Object.values(env)).not.toContain("secret");
  expect(env).toMatchObject({ PATH: "/usr/bin:/bin", https_proxy: "http://proxy:3128" });
});

test("a configured path is taken before all others", async () => {
  const { path, env } = await testChromium();
  const own = join(folder, "my-chromium");
  // The one that is at hand may need the libraries that came with it.
  const libraries = env["LD_LIBRARY_PATH"] ?? "";
  await writeFile(own, `#!/bin/sh\nLD_LIBRARY_PATH="${libraries}" exec "${path}" "$@"\n`, { mode: 0o755 });
  expect(await findChromium({ cacheDir: testCacheDir, configured: own })).toMatchObject({
    kind: "configured",
    path: own,
  });
});

test("a configured path that doesn't work is a fault and no other is taken in its place", async () => {
  const broken = join(folder, "broken");
  await writeFile(broken, "#!/bin/sh\nexit 1\n", { mode: 0o755 });
  for (const configured of [join(folder, "absent"), broken]) {
    const search = findChromium({ cacheDir: testCacheDir, configured });
    await expect(search).rejects.toMatchObject({
      code: "browser.missing",
      message: expect.stringContaining(configured),
    });
  }
});

test("a browser that lacks a library is refused in its own words", async () => {
  const lacking = join(folder, "lacking");
  const words = "error while loading shared libraries: libnss3.so: cannot open shared object file";
  await writeFile(lacking, `#!/bin/sh\necho "${words}" >&2\nexit 127\n`, { mode: 0o755 });
  const search = findChromium({ cacheDir: testCacheDir, configured: lacking });
  await expect(search).rejects.toMatchObject({ code: "browser.missing", message: expect.stringContaining(words) });
});

test("without any browser the fault says what to do", async () => {
  const search = findChromium({ cacheDir: testCacheDir, kinds: ["puppeteer"] });
  await expect(search).rejects.toMatchObject({ code: "browser.missing", hint: expect.stringContaining("npm install") });
});

test("emoji, Japanese, Chinese and Korean are drawn, and one character in the shape of its page's language", async () => {
  const samples = { ja: "直骨海", zh: "直骨海", ko: "한국어", en: "😀🎉", fr: "\u{10FFFD}\u{10FFFC}" };
  const answers = Object.entries(samples).map(([language, text]) => [`/${language}`, pageIn(language, text)] as const);
  await using pages = await startPages(Object.fromEntries(answers));
  await using browser = await openTestBrowser();
  const pictures: Buffer[] = [];
  for (const language of Object.keys(samples)) {
    await using tab = await browser.page({ look: { ...testLook, locale: language }, hosts: { pages: [pages.host] } });
    await open(tab, { url: `${pages.url}/${language}`, limitMs: 10_000 });
    await settle(tab, { sign: null, limitMs: 20_000, quietMs: 50, stillMs: 100 });
    const png = await capturePng(tab, { clipSelector: null, maxHeightPx: 2_000, limitMs: 10_000 });
    const box = { left: 0, top: 0, width: 150, height: 50 };
    pictures.push(await sharp(png.bytes).extract(box).removeAlpha().raw().toBuffer());
  }
  const [japanese, chinese, korean, emoji, missing] = pictures.map((picture) => picture.toString("base64"));
  expect(chinese).not.toBe(japanese);
  for (const drawn of [japanese, chinese, korean, emoji]) expect(drawn).not.toBe(missing);
  expect(colourfulness(pictures[3])).toBeGreaterThan(100);
  expect(colourfulness(pictures[2])).toBe(0);
});

const pageIn = (language: string, text: string): string =>
  `<!doctype html><html lang="${language}"><meta charset="utf-8"><body style="margin:0;height:80px;font:40px sans-serif">${text}</body></html>`;

/** How far red and blue lie apart at most: 0 for black on white. */
const colourfulness = (picture: Buffer | undefined): number => {
  let most = 0;
  for (let at = 0; picture !== undefined && at + 2 < picture.length; at += 3) {
    most = Math.max(most, Math.abs((picture[at] ?? 0) - (picture[at + 2] ?? 0)));
  }
  return most;
};
