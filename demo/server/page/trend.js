import { areaOf, element, nothing, pathOf } from "./element.js";

const height = 250;
const [above, below] = [22, 24];

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

const rules = (top, formats) =>
  [0, 1, 2, 3, 4].flatMap((step) => {
    const y = height - below - ((height - above - below) * step) / 4;
    const label = element("text", { x: 0, y: y - 5 }, formats.short((top * step) / 4));
    return [element("line", { class: step === 0 ? "base" : "rule", x1: 0, x2: "100%", y1: y, y2: y }), step === 0 ? null : label];
  });

const dayLabels = (days, formats) =>
  days.flatMap((day, place) => {
    if ((days.length - 1 - place) % 7 !== 0) return [];
    const last = place === days.length - 1;
    return [element("text", { x: percent(place / (days.length - 1)), y: height - 6, "text-anchor": last ? "end" : "middle" }, formats.day(day))];
  });

const shape = (now, before, top) => {
  const path = pathOf(now, top);
  return element(
    "svg",
    { class: "shape", y: above, width: "100%", height: height - above - below, viewBox: "0 0 1000 100", preserveAspectRatio: "none" },
    element("path", { class: "area", d: areaOf(path) }),
    element("path", { class: "before", d: pathOf(before, top) }),
    element("path", { class: "line", d: path }),
  );
};

const lastPoint = (value, top, formats) => {
  const y = height - below - ((height - above - below) * value) / top;
  return [
    element("circle", { class: "now", cx: "100%", cy: y, r: 5 }),
    element("text", { class: "said", x: "100%", y: y - 12, "text-anchor": "end" }, formats.money(value)),
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
      "svg",
      { class: "plot", height, role: "img", "aria-label": label },
      rules(top, formats),
      shape(values, earlier, top),
      dayLabels(days, formats),
      lastPoint(values.at(-1), top, formats),
    ),
  ];
};
