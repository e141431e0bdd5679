import { afterAll, beforeAll, expect, test } from "vitest";
import type { WarmBrowser } from "#render/browser.ts";
import { open } from "#render/page/open.ts";
import { readTable } from "#render/page/table.ts";
import { lendTo, openTestBrowser } from "../../support/browsers.ts";
import { type Pages, pageOf, startPages } from "../../support/pages.ts";

let browser: WarmBrowser;
let pages: Pages;

/** A list that draws only the rows that are seen, as the grids of report servers do. */
const virtual = (count: number, drawRow: string) => `
  <div id=grid role=grid style="height:300px;overflow:auto;position:relative">
    <div role=row style="position:sticky;top:0"><span role=columnheader>Customer</span><span role=columnheader>Revenue</span></div>
    <div id=body style="height:${count * 30}px;position:relative"></div></div>
  <script>
    const draw = () => {
      const first = Math.max(0, Math.floor(grid.scrollTop / 30) - 2);
      const rows = [];
      for (let n = first; n < Math.min(${count}, first + 16); n += 1) rows.push((${drawRow})(n));
      body.innerHTML = rows.join("");
    };
    grid.addEventListener("scroll", draw);
    draw();
  </script>`;

const byPlace =
  "(n) => `<div role=row style='position:absolute;height:30px;top:${n * 30}px'><span role=gridcell>Customer ${n}</span> <span role=gridcell>${n * 7}</span></div>`";
const byIndex = byPlace.replace("role=row", "role=row aria-rowindex=${n + 2}");

/** A list that fetches its next rows once its end is scrolled to. */
const growing = (ask: string) =>
  pageOf(
    `<div id=box style="height:200px;overflow:auto"><table id=t><tbody id=rows></tbody></table></div><script>
      let page = 0, busy = false;
      const more = async () => { if (busy || page >= 4) return; busy = true;
        const items = await (await fetch("/rows?page=" + page++)).json();
        rows.insertAdjacentHTML("beforeend", items.map((n) => "<tr><td>" + n + "</td></tr>").join("")); busy = false; };
      box.addEventListener("scroll", () => { if (box.scrollTop + box.clientHeight > box.scrollHeight - 50) ${ask}; });
      more();</script>`,
  );

beforeAll(async () => {
  browser = await openTestBrowser();
  pages = await startPages({
    "/plain": pageOf(
      "<table id=t><thead><tr><th>Region<th>Revenue</tr></thead><tbody><tr><td>North<td> 1,204 </tr><tr><td>O’Brien, Coast<td>900</tr><tr hidden><td>secret<td>0</tr></tbody><tfoot><tr><td>Total<td>2,104</tr></tfoot></table>",
    ),
    "/scrolling": pageOf(
      `<div style="height:200px;overflow:auto"><table id=t><thead><tr><th>n</th></tr></thead><tbody>${Array.from({ length: 500 }, (_, n) => `<tr><td>${n}</td></tr>`).join("")}</tbody></table></div>`,
    ),
    "/by-place": pageOf(virtual(1_000, byPlace)),
    "/by-index": pageOf(virtual(400, byIndex)),
    "/gap": pageOf(virtual(400, byIndex.replace("=> `", "=> n === 200 ? '' : `"))),
    "/promises": pageOf(virtual(40, byPlace).replace("role=grid", "role=grid aria-rowcount=90")),
    "/more": growing("more()"),
    "/more-later": growing("setTimeout(more, 120)"),
    "/rows": (request, response) => {
      const page = Number(new URL(request.url ?? "", "http://here").searchParams.get("page"));
      const rows = Array.from({ length: 50 }, (_, n) => page * 50 + n);
      setTimeout(() => response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(rows)), 60);
    },
  });
});
afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  await pages[Symbol.asyncDispose]();
});

const reading = async (path: string, selector = "#grid", maxRows = 5_000) => {
  await using tab = await lendTo(browser, [pages.host]);
  await open(tab, { url: `${pages.url}${path}`, limitMs: 5_000 });
  return await readTable(tab, { selector, maxRows, limitMs: 20_000 });
};

test("a plain table is read as people see it, without its totals", async () => {
  expect(await reading("/plain", "#t")).toEqual({
    columns: ["Region", "Revenue"],
    rows: [
      ["North", "1,204"],
      ["O’Brien, Coast", "900"],
    ],
  });
});

test("all rows of a table in a scrolling box are read", async () => {
  const { rows } = await reading("/scrolling", "#t");
  expect(rows.map(([n]) => Number(n))).toEqual(Array.from({ length: 500 }, (_, n) => n));
});

test.each([
  ["/by-place", 1_000],
  ["/by-index", 400],
])("all rows of a table that draws only what is seen are read: %s", async (path, count) => {
  const { columns, rows } = await reading(path);
  expect(columns).toEqual(["Customer", "Revenue"]);
  expect(rows).toEqual(Array.from({ length: count }, (_, n) => [`Customer ${n}`, String(n * 7)]));
});

test.each([
  ["at once", "/more"],
  ["a moment after the scrolling", "/more-later"],
])("rows that are fetched at the end of the table are read too: %s", async (_, path) => {
  const { columns, rows } = await reading(path, "#t");
  expect(columns).toEqual(["Column 1"]);
  expect(rows.map(([n]) => Number(n))).toEqual(Array.from({ length: 200 }, (_, n) => n));
});

test.each([
  ["a row that was not drawn", "/gap", "#grid", 5_000, "after row 200"],
  ["fewer rows than promised", "/promises", "#grid", 5_000, "has 89 and showed 40"],
  ["more rows than the limit", "/by-place", "#grid", 100, "more than 100"],
  ["a table that isn't there", "/plain", "#absent", 100, "no table"],
])("%s is a fault and never a shorter list", async (...[, path, selector, most, words]) => {
  await expect(reading(path, selector, most)).rejects.toMatchObject({
    code: "render.export",
    message: expect.stringContaining(words),
  });
});
