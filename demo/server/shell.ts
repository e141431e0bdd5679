/** Text → HTML, also inside a quoted attribute. */
export const escaped = (text: string): string => text.replace(/[&<>"']/g, (sign) => `&#${String(sign.charCodeAt(0))};`);

/** A value inside a `<script type="application/json">`: no `<` may end the element early. */
export const embedded = (value: unknown): string => JSON.stringify(value).replaceAll("<", "\\u003c");

/** The address of a view, its names percent-encoded one by one. */
export const viewAddress = (path: string): string => `/views/${path.split("/").map(encodeURIComponent).join("/")}`;

const globe =
  '<circle cx="12" cy="12" r="9.25"/><ellipse cx="12" cy="12" rx="3.9" ry="9.25"/><path d="M3.4 8.6h17.2M3.4 15.4h17.2"/>';
const icon = encodeURIComponent(
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#2f4ac0" stroke-width="1.6">${globe}</svg>`,
);

/** The sign of the trading company with its name. */
export const brand = `<a class="brand" href="/"><svg viewBox="0 0 24 24" aria-hidden="true">${globe}</svg><span>Meridian <b>Analytics</b></span></a>`;

/** What every page of the sample server has around its own part. */
export interface Shell {
  readonly title: string;
  readonly body: string;
  readonly lang?: string;
  readonly theme?: "light" | "dark";
  /** Names of further style sheets in `page/`. */
  readonly styles?: readonly string[];
  /** Name of the script in `page/`. */
  readonly script?: string;
}

/** A whole HTML document. */
export const documentOf = ({ title, body, lang = "en", theme = "light", styles = [], script }: Shell): string =>
  `<!doctype html>
<html lang="${lang}" data-theme="${theme}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)} · Meridian Analytics</title>
<link rel="icon" href="data:image/svg+xml,${icon}">
${["base.css", ...styles].map((name) => `<link rel="stylesheet" href="/page/${name}">`).join("\n")}
${script === undefined ? "" : `<script type="module" src="/page/${script}"></script>`}
</head>
<body>
${body}
</body>
</html>
`;

/** A page that says one thing: an error, or that something is not there. */
export const noticePage = (status: number, heading: string, words: string): string =>
  documentOf({
    title: heading,
    styles: ["plain.css"],
    body: `<div class="middle"><div class="card notice">${brand}<p class="status">${String(status)}</p>
<h1>${escaped(heading)}</h1><p>${escaped(words)}</p><p><a href="/">All dashboards</a></p></div></div>`,
  });
