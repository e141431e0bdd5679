import { areaOf, element, nothing, pathOf } from "./element.js";

const height = 250;
const [above, below] = [26, 26];
const inner = height - above - below;

/** A round number at or above `value` that can be cut into four. */
const roundTop = (value) => {
  const size = 10 ** Math.floor(Math.log10(value));
  return ([1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8].find((step) => step * size >= value) ?? 10) * size;
};

const byDay = (rows, column) => {
  const sums = new Map();
  for (const row of rows) sums.set(row.Day, (sums.get(row.Day) ?? 0) + row[column]);
  return sums;
};

const percent = (share) => `${(share * 100).toFixed(2)}%`;

const steps = [0, 1, 2, 3, 4];

const yOf = (value, top) => above + inner - (inner * value) / top;

const rules = () =>
  steps.map((step) => {
    const y = yOf(step, 4);
    return element("line", { class: step === 0 ? "base" : "rule", x1: 0, x2: "100%", y1: y, y2: y });
  });

/** A letter such as 万 is as wide as two. */
const lengthOf = (label) => [...label].reduce((length, letter) => length + (letter > "\u2fff" ? 2 : 1), 0);

/** The amounts stand in a drawing of their own, as wide as the longest needs; the plot beside it takes what is left. */
const axis = (top, formats) => {
  const labels = steps.map((step) => formats.short((top * step) / 4));
  const width = Math.ceil(10 + 7.4 * Math.max(...labels.map(lengthOf)));
  return element(
    "svg",
    { class: "axis", width, height, "aria-hidden": "true" },
    labels.map((label, step) => element("text", { x: width - 10, y: yOf(step, 4) + 4, "text-anchor": "end" }, label)),
  );
};

const dayLabels = (days, formats) =>
  days.flatMap((day, place) => {
    if ((days.length - 1 - place) % 7 !== 0) return [];
    const last = place === days.length - 1;
    const second = (days.length - 1 - place) % 14 !== 0 ? "second" : undefined;
    return [
      element(
        "text",
        { x: percent(place / (days.length - 1)), y: height - 6, class: second, "text-anchor": last ? "end" : "middle" },
        formats.day(day),
      ),
    ];
  });

const shape = (now, before, top) => {
  const path = pathOf(now, top);
  return element(
    "svg",
    { class: "shape", y: above, width: "100%", height: inner, viewBox: "0 0 1000 100", preserveAspectRatio: "none" },
    element("path", { class: "area", d: areaOf(path) }),
    element("path", { class: "before", d: pathOf(before, top) }),
    element("path", { class: "line", d: path }),
  );
};

/** The last day's point; its amount stands above the line's last stretch, so that the line does not run through it. */
const lastPoint = (values, top, formats) => {
  const y = yOf(Math.max(...values.slice(-5)), top) - 12;
  return [
    element("circle", { class: "now", cx: "100%", cy: yOf(values.at(-1), top), r: 5 }),
    element("text", { class: "said", x: "100%", y, "text-anchor": "end" }, formats.money(values.at(-1))),
  ];
};

const key = (words) =>
  element(
    "ul",
    { class: "key" },
    element("li", {}, element("i", { class: "stroke" }), words.thisYear),
    element("li", {}, element("i", { class: "stroke dotted" }), words.lastYear),
  );

/** Revenue of the last 30 days as a line, the year before as a dotted one. */
export const trend = (_tile, answer, { formats, words, titleOf }) => {
  if (answer.rows.length === 0) return [nothing(words.noOrders, words.noOrdersHint)];
  const [now, before] = [byDay(answer.rows, "Revenue"), byDay(answer.rows, "Revenue last year")];
  const days = [...now.keys()];
  const [values, earlier] = [[...now.values()], [...before.values()]];
  const top = roundTop(Math.max(...values, ...earlier, 1));
  const label = `${titleOf("trend")}: ${formats.day(days[0])} – ${formats.day(days.at(-1))}`;
  return [
    key(words),
    element(
      "div",
      { class: "plots" },
      axis(top, formats),
      element(
        "svg",
        { class: "plot", height, role: "img", "aria-label": label },
        rules(),
        shape(values, earlier, top),
        dayLabels(days, formats),
        lastPoint(values, top, formats),
      ),
    ),
  ];
};
