import { areaOf, element, nothing, pathOf } from "./element.js";
import { changeOf } from "./format.js";

const spark = (series) => {
  const [low, high] = [Math.min(...series), Math.max(...series)];
  const base = low - (high - low) * 0.25;
  const path = pathOf(
    series.map((value) => value - base),
    high - base || 1,
  );
  return element(
    "svg",
    { class: "spark", viewBox: "0 0 1000 100", preserveAspectRatio: "none", "aria-hidden": "true" },
    element("path", { class: "area", d: areaOf(path) }),
    element("path", { class: "line", d: path }),
  );
};

const written = (value, format, { formats, words }) =>
  format === "days"
    ? [formats.tenths(value), element("small", {}, words.days)]
    : [format === "money" ? formats.money(value) : formats.count(value)];

/** One large figure, its change against the same weekday of last week, and the last three weeks as a small line. */
export const figure = (tile, answer, page) => {
  const { formats, words } = page;
  if (answer.rows.length === 0) return [nothing(words.noOrders)];
  const change = changeOf({ ...answer, lessIsBetter: tile.lessIsBetter }, formats);
  return [
    element("p", { class: "value" }, ...written(answer.value, tile.format, page)),
    element(
      "p",
      { class: "against" },
      element("span", { class: change.mood }, change.text),
      element("span", {}, words.against.replace("{day}", formats.weekday(answer.comparedWith))),
    ),
    spark(answer.series),
  ];
};
