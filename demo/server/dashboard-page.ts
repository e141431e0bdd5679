import { type Day, isoOf } from "./day.ts";
import { type Filters, queryOf } from "./filters.ts";
import type { Spell } from "./misbehaviour.ts";
import { brand, documentOf, embedded, escaped, viewAddress } from "./shell.ts";
import type { Tile } from "./tile.ts";
import type { View } from "./views.ts";
import { type Language, locales, type Words, words } from "./words.ts";

/** What a dashboard's page is made from. */
export interface DashboardLook {
  readonly view: View;
  readonly asOf: Day;
  readonly lang: Language;
  readonly theme: "light" | "dark";
  /** What the chips show. */
  readonly filters: Filters;
  readonly load: string;
  readonly spell: Spell;
}

const wordOf = (texts: Words, key: string): string => (Object.hasOwn(texts, key) ? texts[key as keyof Words] : key);

const titleOf = (texts: Words, tile: Tile, filters: Filters): string => {
  if (tile.name !== "mix") return wordOf(texts, tile.name);
  return filters.Region?.length === 1 ? texts["mix-category"] : texts["mix-region"];
};

const tileHtml = (texts: Words, tile: Tile, filters: Filters): string =>
  `<section class="tile ${tile.kind}" data-tile="${tile.name}" data-state="loading" aria-busy="true" style="--span: ${String(tile.span)}">
<h2>${escaped(titleOf(texts, tile, filters))}</h2>
<div class="body"><div class="waiting" aria-label="${escaped(texts.loading)}"></div></div>
</section>`;

const chipHtml = (texts: Words, name: string, values: readonly string[]): string => {
  const shown =
    values.length === 0
      ? `<span class="any">${escaped(texts.all)}</span>`
      : values.map((value) => `<b>${escaped(value)}</b>`).join("");
  const kept = values
    .map((value) => `<input type="hidden" name="${escaped(name)}" value="${escaped(value)}">`)
    .join("");
  return `<details class="chip${values.length === 0 ? "" : " set"}" data-filter="${escaped(name)}">
<summary><span class="name">${escaped(wordOf(texts, name))}</span>${shown}</summary><div class="choices">${kept}</div></details>`;
};

const chipsHtml = ({ view, filters, lang, theme }: DashboardLook, texts: Words): string =>
  `<form class="chips" method="get" aria-label="${escaped(texts.filters)}">
${view.filters.map(({ name }) => chipHtml(texts, name, filters[name] ?? [])).join("\n")}
<input type="hidden" name="lang" value="${lang}"><input type="hidden" name="theme" value="${theme}">
</form>`;

const bootOf = ({ view, asOf, lang, filters, load, spell }: DashboardLook, texts: Words): unknown => ({
  view: view.path,
  load,
  asOf: isoOf(asOf),
  locale: locales[lang],
  words: texts,
  query: spell.has("filter-not-applied") ? "" : queryOf(filters).toString(),
  tiles: view.tiles.map(({ answer, span, delayMs, ...shown }) => shown),
  leaveTo: spell.has("leaves-host") ? "http://169.254.169.254/" : null,
});

const headHtml = (look: DashboardLook, texts: Words): string => {
  const { view, asOf, lang, filters } = look;
  const [workbook = ""] = view.path.split("/");
  const date = new Intl.DateTimeFormat(locales[lang], { dateStyle: "full", timeZone: "UTC" });
  const query = queryOf(filters).toString();
  return `<header class="head"><div><p class="eyebrow">${escaped(wordOf(texts, workbook))}</p>
<h1>${escaped(wordOf(texts, view.title))}</h1>
<p class="as-of">${escaped(texts.dataAsOf)} <time datetime="${isoOf(asOf)}">${date.format(asOf * 86_400_000)}</time></p></div>
<a class="export" href="${escaped(`${viewAddress(view.path)}.csv${query === "" ? "" : `?${query}`}`)}">${escaped(texts.download)}</a></header>`;
};

/** The dashboard's page; its tiles load by themselves. */
export const dashboardPage = (look: DashboardLook): string => {
  const { view, lang, theme, filters, spell } = look;
  const texts = words[lang];
  return documentOf({
    title: wordOf(texts, view.title),
    lang,
    theme,
    styles: ["dashboard.css", "charts.css", "table.css", "print.css"],
    script: "dashboard.js",
    body: `<header class="top">${brand}</header>
<main data-dashboard data-ready="false">
${headHtml(look, texts)}
${chipsHtml(look, texts)}
<div class="grid">
${view.tiles.map((tile) => tileHtml(texts, tile, filters)).join("\n")}
</div>
${spell.has("tall") ? '<div style="height: 60000px" aria-hidden="true"></div>' : ""}
</main>
<footer class="foot">${escaped(texts.footer)}</footer>
<script type="application/json" id="boot">${embedded(bootOf(look, texts))}</script>`,
  });
};
