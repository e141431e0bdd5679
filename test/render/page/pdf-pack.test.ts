import fc from "fast-check";
import { PDFDocument, PDFRawStream, PDFRef } from "pdf-lib";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { WarmBrowser } from "#render/browser.ts";
import { open } from "#render/page/open.ts";
import { packPdf } from "#render/page/pdf-pack.ts";
import { openTestBrowser, testLook } from "../../support/browsers.ts";
import { type Pages, pageOf, startPages } from "../../support/pages.ts";

/** As Chromium prints a table of 300 rows with a picture, a link and words that look like PDF. */
let printed: Buffer;
let browser: WarmBrowser;
let pages: Pages;
beforeAll(async () => {
  browser = await openTestBrowser();
  const odd = ["endobj", "1 0 obj", "endstream", "(stream\\)", "“Köln”", "日本"];
  const rows = Array.from({ length: 300 }, (_, n) => `<tr><td>Row ${n}</td><td>${odd[n % odd.length]}</td></tr>`);
  const canvas =
    "<canvas id=c width=200 height=100></canvas><script>c.getContext('2d').fillRect(9, 9, 99, 50)</script>";
  pages = await startPages({
    "/table": pageOf(`<title>endobj 7 0 obj</title><h1>Sales</h1><a href="https://x.example/endobj">link</a>${canvas}
      <table>${rows.join("")}</table>`),
  });
  await using tab = await browser.page({ look: testLook, hosts: { pages: [pages.host] } });
  await open(tab, { url: `${pages.url}/table`, limitMs: 5_000 });
  printed = Buffer.from(await tab.page.pdf({ format: "A4" }));
});
afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  await pages[Symbol.asyncDispose]();
});

/** Every object of a document by its number, as another reader sees it; the containers that only packing needs aren't part of it. */
const contentsOf = async (bytes: Uint8Array): Promise<ReadonlyMap<string, string>> => {
  const { context } = await PDFDocument.load(bytes, { updateMetadata: false });
  const all = context.enumerateIndirectObjects().map(([ref, object]) => {
    const content = object instanceof PDFRawStream ? Buffer.from(object.contents).toString("base64") : "";
    return [ref.toString(), object instanceof PDFRawStream ? `${object.dict}${content}` : object.toString()] as const;
  });
  const isPacking = (words: string): boolean => /\/Type \/(ObjStm|XRef)/.test(words);
  const { Root, Info, ID } = context.trailerInfo;
  return new Map([...all.filter(([, words]) => !isPacking(words)), ["trailer", `${Root} ${Info} ${ID}`]]);
};

test("a printed table becomes less than half as large, and another reader finds every object in it as it was", async () => {
  const packed = await packPdf(printed);
  expect(packed.byteLength).toBeLessThan(printed.byteLength / 2);
  const [before, after] = [await contentsOf(printed), await contentsOf(packed)];
  expect(before.size).toBeGreaterThan(1_000);
  expect(after).toEqual(before);
  const { context } = await PDFDocument.load(packed);
  expect(context.trailerInfo.Root).toBeInstanceOf(PDFRef);
  console.log(`a table's PDF: ${Math.round(printed.byteLength / 1000)} → ${Math.round(packed.byteLength / 1000)} kB`);
});

test("the same document gives the same bytes, and one that is packed stays as it is", async () => {
  const packed = await packPdf(printed);
  expect(Buffer.compare(packed, await packPdf(Buffer.from(printed)))).toBe(0);
  expect(await packPdf(packed)).toBe(packed);
});

test("a document that isn't written as Chromium does is left alone", async () => {
  const text = printed.toString("latin1");
  const changed = [
    "",
    "%PDF-1.4\n",
    text.slice(0, -40),
    text.slice(0, text.length / 2),
    `${text}%%EOF\n${text.slice(-200)}`,
    text.replace("/Root ", "/Encrypt 5 0 R\n/Root "),
    text.replace("/Root ", "/Prev 17\n/Root "),
    text.replace("%PDF-1.4", "%PDF-2.0"),
    text.replace(/startxref\n\d+/, "startxref\n17"),
    text.replace(/startxref\n\d+/, "startxref\n99999999"),
    text.replace(/(\d{10}) 00000 n/, "$1 00001 n"),
    text.replace(/\/Length \d+/, "/Length 9 0 R"),
  ];
  for (const one of changed) {
    const bytes = Buffer.from(one, "latin1");
    expect(await packPdf(bytes), one.slice(-60)).toBe(bytes);
  }
});

test("a document with any bytes changed is packed or left alone, but never fails", async () => {
  const changes = fc.array(fc.record({ at: fc.nat(printed.length - 1), byte: fc.nat(255) }), {
    minLength: 1,
    maxLength: 20,
  });
  await fc.assert(
    fc.asyncProperty(changes, async (some) => {
      const bytes = Buffer.from(printed);
      for (const { at, byte } of some) bytes[at] = byte;
      expect((await packPdf(bytes)).byteLength).toBeLessThanOrEqual(bytes.length);
    }),
    { numRuns: 60 },
  );
});
