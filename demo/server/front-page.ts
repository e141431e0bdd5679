import { brand, documentOf, escaped, viewAddress } from "./shell.ts";
import { type View, views } from "./views.ts";

const bars = [38, 52, 47, 66, 58, 80, 72, 94, 61, 44]
  .map(
    (height, place) =>
      `<rect x="${String(12 + place * 31)}" y="${String(128 - height)}" width="17" height="${String(height + 4)}" rx="3"/>`,
  )
  .join("");
const line = "M-30 104 28 84 62 92 96 70 130 78 164 52 198 62 232 40 266 50 304 22";
const pictures: Readonly<Record<string, string>> = {
  "Daily Sales Report/Yesterday Sales Summary": `<path class="under" d="${line}V128H-30Z"/><path class="over" d="${line}"/><circle cx="304" cy="22" r="4.5"/>`,
  "Operations/Stock and Shipping": `<g class="stand">${bars}</g><path class="goal" d="M0 62H324"/>`,
};

const lookOf = (view: View, values: readonly string[]): string =>
  values
    .map(
      (value) =>
        `<a class="look" href="${viewAddress(view.path)}?Region=${encodeURIComponent(value)}">${escaped(value)}</a>`,
    )
    .join("");

const cardOf = (view: View): string => {
  const [workbook = ""] = view.path.split("/");
  const regions = view.filters.find(({ name }) => name === "Region")?.values ?? [];
  return `<article class="view">
<a class="picture" href="${viewAddress(view.path)}" aria-hidden="true" tabindex="-1"><svg viewBox="0 0 324 128">${pictures[view.path] ?? ""}</svg></a>
<div class="about"><p class="eyebrow">${escaped(workbook)}</p>
<h2><a href="${viewAddress(view.path)}">${escaped(view.title)}</a></h2>
<p class="quiet">Filters: ${view.filters.map(({ name, values }) => `${name} (${String(values.length)})`).join(", ")} · <a href="${viewAddress(view.path)}.csv">CSV</a></p>
<p class="looks">${lookOf(view, regions)}</p></div>
</article>`;
};

/** The list of all dashboards. */
export const frontPage = (asOf: string): string =>
  documentOf({
    title: "Dashboards",
    styles: ["front.css"],
    body: `<header class="top">${brand}</header>
<main class="front"><header class="head"><div><h1>Dashboards</h1>
<p class="as-of">Data as of <time datetime="${asOf}">${longDate(asOf)}</time></p></div></header>
<div class="views">${views.map(cardOf).join("\n")}</div></main>
<footer class="foot">Sample data of a company that does not exist.</footer>`,
  });

const longDate = (iso: string): string =>
  new Intl.DateTimeFormat("en-GB", { dateStyle: "full", timeZone: "UTC" }).format(new Date(`${iso}T00:00:00Z`));
