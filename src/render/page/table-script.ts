import type { PageDocument, PageElement, PageWindow } from "#render/page/dom.ts";

declare const document: PageDocument;
declare const window: PageWindow;

/** A table and how far down it is looked at. */
export type TableLook = { readonly selector: string; readonly top: number };

/** Runs in the page: the names of a table's columns, and the number of rows that it promises (0: it says nothing). */
export const headOfTable = ({ selector }: { selector: string }) => {
  const root = document.querySelector(selector);
  if (root === null) return { found: false };
  const words = (element: PageElement) => (element.textContent ?? "").trim().replace(/\s+/g, " ");
  const inHead = [...root.querySelectorAll("thead tr, [role=row]:has([role=columnheader])")].at(-1);
  const heads = inHead?.querySelectorAll("th, td, [role=columnheader]") ?? root.querySelectorAll("tr:first-child > th");
  const counted = root.matches("[aria-rowcount]") ? root : root.querySelector("[aria-rowcount]");
  const promised = Number(counted?.getAttribute("aria-rowcount") ?? 0);
  const headRows =
    counted === null ? 0 : counted.querySelectorAll("thead tr, [role=row]:has([role=columnheader])").length;
  return { found: true, columns: [...heads].map(words), count: Math.max(0, promised - headRows) };
};

/** Runs in the page: scrolls the table to `top` and tells the rows that are drawn then. */
export const visibleRows = async ({ selector, top }: TableLook) => {
  const root = document.querySelector(selector);
  if (root === null) return { rows: [], end: 0 };
  const around = (element: PageElement | null): PageElement[] =>
    element === null ? [] : [element, ...around(element.parentElement)];
  const scrolls = (element: PageElement) =>
    element.scrollHeight > element.clientHeight + 1 && /auto|scroll/.test(window.getComputedStyle(element).overflowY);
  const scroller = [...root.querySelectorAll("*"), ...around(root)].find(scrolls) ?? null;
  if (scroller !== null) scroller.scrollTop = top;
  for (let n = 0; n < 2; n += 1) await new Promise<void>((next) => window.requestAnimationFrame(next));
  const words = (element: PageElement) => (element.textContent ?? "").trim().replace(/\s+/g, " ");
  const origin = (scroller ?? root).getBoundingClientRect().top - (scroller?.scrollTop ?? 0);
  const indexNames = ["aria-rowindex", "data-index", "data-row-index", "data-rowindex", "row-index"];
  const indexOf = (row: PageElement) =>
    indexNames.map((name) => row.getAttribute(name)).find((value) => value !== null && /^\d+$/.test(value));
  const isData = (row: PageElement) =>
    row.closest("thead, tfoot") === null &&
    row.getAttribute("aria-busy") !== "true" &&
    row.querySelector("td, [role=cell], [role=gridcell]") !== null &&
    row.getBoundingClientRect().height > 0;
  const rows = [...root.querySelectorAll("tr, [role=row]")].filter(isData).map((row) => {
    const { top: seenAt, height } = row.getBoundingClientRect();
    const place = Math.round(seenAt - origin);
    const index = indexOf(row);
    const cells = [...row.querySelectorAll("td, th, [role=cell], [role=gridcell], [role=rowheader]")].map(words);
    return {
      at: index === undefined ? place : Number(index),
      top: place,
      height,
      isIndexed: index !== undefined,
      cells,
    };
  });
  return { rows, end: scroller === null ? 0 : scroller.scrollHeight - scroller.clientHeight };
};
