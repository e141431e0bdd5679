/**
 * A small report server to measure on: a sign-in, and one dashboard of six charts and a table of 200 rows, drawn by a charting library from
 * one data request. It adds no waiting of its own, so that only the drawing is measured. Run as a process of its own, it tells its address to its parent.
 */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { account } from "./page-account.ts";

const charts = ["Revenue", "Orders", "Units", "Returns", "Margin", "Stock"] as const;
const rowsWanted = 200;

/** The same region always has the same figures: a small linear congruential generator seeded by its name (Numerical Recipes). */
const numbersOf = (seed: string): (() => number) => {
  let state = [...seed].reduce((sum, letter) => (Math.imul(sum, 31) + letter.charCodeAt(0)) >>> 0, 7);
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
};

const figuresOf = (region: string) => {
  const next = numbersOf(region);
  return {
    charts: charts.map((name) => ({ name, values: Array.from({ length: 30 }, () => Math.round(next() * 1_000)) })),
    rows: Array.from({ length: rowsWanted }, (_, at) => ({
      Region: region,
      Order: `O-${at + 1}`,
      Customer: `Customer ${Math.floor(next() * 900)}`,
      Units: Math.ceil(next() * 40),
      Revenue: Math.round(next() * 100_000) / 100,
    })),
  };
};

const csvOf = (region: string): string => {
  const { rows } = figuresOf(region);
  const lines = rows.map((row) => Object.values(row).join(","));
  return `${["Region,Order,Customer,Units,Revenue", ...lines].join("\r\n")}\r\n`;
};

/** As report servers do, every page of it, the sign-in too, loads one bundle with the library that draws. */
const page = (title: string, body: string): string =>
  `<!doctype html><meta charset="utf-8"><title>${title}</title><script src="/assets/app.js" defer></script>${body}`;

const signInPage = page(
  "Sign in",
  `<form method="post" action="/login"><input name="username"><input name="password" type="password"><button type="submit">Sign in</button></form>`,
);

const drawing = `
const region = new URLSearchParams(location.search).get("Region") ?? "";
const answer = await (await fetch("/api/data?Region=" + encodeURIComponent(region))).json();
document.querySelector("h1").textContent = "Sales of " + region;
document.querySelector("tbody").innerHTML = answer.rows.map((row) => "<tr>" + Object.values(row).map((cell) => "<td>" + cell + "</td>").join("") + "</tr>").join("");
const kinds = ["bar", "line", "bar", "line", "scatter", "bar"];
for (const [at, { name, values }] of answer.charts.entries()) {
  const tile = document.createElement("div");
  tile.className = "tile";
  document.querySelector("#charts").append(tile);
  echarts.init(tile).setOption({
    animation: false,
    title: { text: name },
    xAxis: { type: "category", data: values.map((_, day) => String(day + 1)) },
    yAxis: { type: "value" },
    series: [{ type: kinds[at], data: values }],
  });
}
await document.fonts.ready;
requestAnimationFrame(() => requestAnimationFrame(() => { document.body.dataset.ready = "true"; }));
`;

const dashboard = page(
  "Sales",
  `<style>
body { font: 14px 'Open Sans', sans-serif; margin: 24px; color: #1b2733; background: #fff }
#charts { display: grid; grid-template-columns: repeat(3, 1fr); gap: 16px }
.tile { height: 240px; border: 1px solid #d8dee6; border-radius: 8px }
table { border-collapse: collapse; width: 100%; margin-top: 16px } td, th { text-align: left; padding: 3px 8px; border-bottom: 1px solid #e6eaf0 }
</style><h1></h1><div id="charts"></div><table><thead><tr><th>Region<th>Order<th>Customer<th>Units<th>Revenue</thead><tbody></tbody></table>
<script type="module">${drawing}</script>`,
);

const sessions = new Set<string>();
let drawn = 0;

const isSignedIn = (request: IncomingMessage): boolean =>
  sessions.has(/session=([\w-]+)/.exec(request.headers.cookie ?? "")?.[1] ?? "");

const signIn = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  let body = "";
  for await (const chunk of request) body += chunk;
  const form = new URLSearchParams(body);
  const isRight = form.get("username") === account.user && form.get("password") === account.password;
  const session = randomUUID();
  if (isRight) sessions.add(session);
  const headers = isRight
    ? { location: "/", "set-cookie": `session=${session}; Path=/; HttpOnly` }
    : { location: "/login" };
  response.writeHead(303, headers).end();
};

const [bundle = ""] = process.argv.slice(2);
const script = readFileSync(bundle);
const asset = {
  "content-type": "text/javascript; charset=utf-8",
  "cache-control": "public, max-age=31536000, immutable",
};

const html = { "content-type": "text/html; charset=utf-8" };

const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const url = new URL(request.url ?? "/", "http://localhost");
  const region = url.searchParams.get("Region") ?? "";
  if (url.pathname === "/assets/app.js") return void response.writeHead(200, asset).end(script);
  if (url.pathname === "/login" && request.method === "POST") return signIn(request, response);
  if (url.pathname === "/login") return void response.writeHead(200, html).end(signInPage);
  if (!isSignedIn(request)) return void response.writeHead(302, { location: "/login" }).end();
  if (url.pathname === "/sales") {
    drawn += 1;
    return void response.writeHead(200, html).end(dashboard);
  }
  if (url.pathname === "/sales.csv")
    return void response.writeHead(200, { "content-type": "text/csv; charset=utf-8" }).end(csvOf(region));
  if (url.pathname === "/api/data")
    return void response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(figuresOf(region)));
  response.writeHead(url.pathname === "/" ? 200 : 404, html).end(page("Reports", "<h1>Reports</h1>"));
};

const server = createServer((request, response) => {
  answer(request, response).catch(() => response.destroy());
});
server.listen(0, "127.0.0.1", () => {
  const { port } = server.address() as AddressInfo;
  process.send?.({ url: `http://127.0.0.1:${port}` });
});
process.on("message", () => process.send?.({ drawn }));
process.on("disconnect", () => process.exit());
