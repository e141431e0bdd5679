import { ask } from "#render/page/ask.ts";
import { refuseTall, staying } from "#render/page/capture.ts";
import { packPdf } from "#render/page/pdf-pack.ts";
import { extentOf } from "#render/page/signs.ts";
import { phase, type Tab } from "#render/page/tab.ts";

/** How the view is put on pages. */
export interface PdfOptions {
  /** Tiles are kept whole; `null`: pictures, charts and table rows are. */
  readonly tileSelector: string | null;
  /** Plain text at the top of every page, left and right. */
  readonly header?: { readonly left: string; readonly right?: string };
  /** Plain text at the bottom of every page; the page number of how many stands at its right. */
  readonly footer?: string;
  readonly paper?: "A4" | "Letter";
  readonly landscape?: boolean;
  readonly maxHeightPx: number;
  readonly limitMs: number;
  readonly signal?: AbortSignal;
}

const millimetre = 96 / 25.4;
const papers = { A4: { width: 210 }, Letter: { width: 215.9 } } as const;
const longSides = { A4: 297, Letter: 279.4 } as const;
const side = 12;
const withLines = 18;

/**
 * The view as a PDF with its text as text. It is laid out as wide as on the screen and made smaller to fit the paper, so it breaks
 * lines where the picture does; a narrow view is not blown up. Pages end between tiles.
 */
export const capturePdf = async (tab: Tab, options: PdfOptions): Promise<Uint8Array> => {
  const { limitMs, signal, maxHeightPx } = options;
  return phase(tab, { name: "printing the view", ms: limitMs, ...(signal && { signal }) }, () =>
    staying(tab, async () => {
      refuseTall((await extentOf(tab)).height, maxHeightPx);
      await ask(tab, addStyle, { css: printStyle(options.tileSelector) });
      return packPdf(await tab.page.pdf({ ...pages(options), scale: scaleOf(tab, options), timeout: limitMs }));
    }),
  );
};

const pages = ({ header, footer, paper = "A4", landscape = false }: PdfOptions) => {
  const top = `${header === undefined ? side : withLines}mm`;
  const bottom = `${footer === undefined ? side : withLines}mm`;
  return {
    format: paper,
    landscape,
    printBackground: true,
    displayHeaderFooter: header !== undefined || footer !== undefined,
    headerTemplate: header === undefined ? "<span></span>" : line(header.left, html(header.right ?? "")),
    footerTemplate: footer === undefined ? "<span></span>" : line(footer, pageNumber),
    margin: { top, bottom, left: `${side}mm`, right: `${side}mm` },
  };
};

/** Chromium refuses scales below 0.1. */
const scaleOf = (tab: Tab, { paper = "A4", landscape = false }: PdfOptions): number => {
  const across = landscape ? longSides[paper] : papers[paper].width;
  return Math.min(1, Math.max(0.1, ((across - 2 * side) * millimetre) / tab.look.width));
};

const pageNumber = '<span class="pageNumber"></span> / <span class="totalPages"></span>';

const line = (left: string, right: string): string =>
  `<div style="display:flex;justify-content:space-between;gap:8mm;width:100%;margin:0 ${side}mm;font:9.5px 'Open Sans',sans-serif;color:#555">` +
  `<span style="overflow:hidden;text-overflow:ellipsis;white-space:nowrap">${html(left)}</span><span style="white-space:nowrap">${right}</span></div>`;

const html = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

const printStyle = (tileSelector: string | null): string => {
  const whole = [tileSelector, "figure", "svg", "canvas", "img", "tr"].filter((one) => one !== null).join(", ");
  return `@media print {
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  ${whole} { break-inside: avoid; }
  thead { display: table-header-group; }
  h1, h2, h3, h4 { break-after: avoid; }
}`;
};

interface StyleSheet {
  readonly replaceSync: (css: string) => void;
}
declare const document: { adoptedStyleSheets: readonly StyleSheet[] };
declare const CSSStyleSheet: new () => StyleSheet;

/** Runs in the page. A constructed sheet, since a page's security policy may forbid style elements. */
const addStyle = ({ css }: { css: string }) => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
};
