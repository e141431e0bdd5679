import { element, nothing } from "./element.js";

const numbers = new Set(["money", "count", "days", "change", "place"]);

const codes = new Set(["code", "day"]);

const classOf = ({ format, key, wideOnly }) =>
  [
    numbers.has(format) ? "number" : "",
    wideOnly ? "wide-only" : "",
    format === "share" ? "share" : "",
    format === "place" ? "place" : "",
    codes.has(format) ? "code" : "",
    key === "Customer" ? "main" : "",
  ]
    .filter((name) => name !== "")
    .join(" ");

const shareBar = (share) =>
  element(
    "svg",
    { "aria-hidden": "true" },
    element("rect", { width: `${(share * 100).toFixed(1)}%`, height: "100%", rx: 2 }),
  );

const difference = (value, formats) => element("span", { class: value < 0 ? "bad" : "good" }, formats.signed(value));

const contentOf = (column, row, { place, largest, formats }) => {
  const value = row[column.key];
  switch (column.format) {
    case "place":
      return String(place);
    case "share":
      return shareBar(row[column.against] / (largest || 1));
    case "change":
      return difference(row[column.against] - row[`${column.against} last week`], formats);
    case "text":
    case "code":
      return value;
    default:
      return formats[column.format](value);
  }
};

const header = (columns, words) =>
  element(
    "thead",
    {},
    element(
      "tr",
      {},
      columns.map((column) => element("th", { class: classOf(column), scope: "col" }, words[column.key] ?? column.key)),
    ),
  );

/** As many rows as are read at a glance; a button shows the others. */
const firstRows = 8;

const moreButton = (count, words) => {
  const button = element("button", { type: "button", class: "more" }, words.more.replace("{count}", String(count)));
  button.addEventListener("click", () => button.closest(".tile").classList.add("whole"));
  return button;
};

/** A table's first rows, the others at a click; on paper all of its rows are there, its header on each page. */
export const table = (tile, answer, { formats, words, titleOf }) => {
  if (answer.rows.length === 0) {
    const late = tile.name === "late-list";
    return [late ? nothing(words.noLate, words.noLateHint) : nothing(words.noOrders, words.noOrdersHint)];
  }
  const largest = Math.max(...answer.rows.map(({ Revenue }) => Revenue));
  const lines = answer.rows.map((row, index) =>
    element(
      "tr",
      index < firstRows ? {} : { class: "rest" },
      tile.columns.map((column) =>
        element("td", { class: classOf(column) }, contentOf(column, row, { place: index + 1, largest, formats })),
      ),
    ),
  );
  return [
    element(
      "div",
      { class: "scroll", tabindex: 0, role: "region", "aria-label": titleOf(tile.name) },
      element("table", {}, header(tile.columns, words), element("tbody", {}, lines)),
    ),
    lines.length > firstRows ? moreButton(lines.length - firstRows, words) : null,
  ];
};
