import { element, nothing } from "./element.js";

/** Sums a column of the rows by another one; the order of first sight is kept. */
const sumBy = (rows, label, column) => {
  const sums = new Map();
  for (const row of rows) sums.set(row[label], (sums.get(row[label]) ?? 0) + row[column]);
  return sums;
};

const percent = (share) => `${(share * 100).toFixed(2)}%`;

/** One bar of parts laid end to end, each a share of the longest bar. */
const bar = (parts, goal) => {
  let left = 0;
  const rects = parts.map(({ share, part }) => {
    const rect = element("rect", { class: `part-${part}`, x: percent(left), width: percent(share), height: "100%" });
    left += share;
    return rect;
  });
  const line =
    goal === undefined
      ? null
      : element("line", { class: "goal", x1: percent(goal), x2: percent(goal), y1: 0, y2: "100%" });
  return element(
    "svg",
    { "aria-hidden": "true" },
    element("rect", { class: "track", width: "100%", height: "100%" }),
    rects,
    line,
  );
};

const line = (label, drawn, amount) => [
  element("span", { class: "label" }, label),
  drawn,
  element("span", { class: "amount" }, amount),
];

const key = (names) =>
  element(
    "ul",
    { class: "key" },
    names.map((name) => element("li", { class: `part-${colours[name]}` }, element("i"), name)),
  );

/** A category keeps its colour, whatever else is shown. */
const colours = { Coffee: 1, Tea: 2, Chocolate: 3, Spices: 4, Tableware: 5 };

const categoryNames = (rows) => {
  const present = new Set(rows.map(({ Category }) => Category));
  return Object.keys(colours).filter((name) => present.has(name));
};

const byCategory = (rows, formats) => {
  const sums = sumBy(rows, "Category", "Revenue");
  const top = Math.max(...sums.values(), 1);
  return categoryNames(rows)
    .sort((a, b) => sums.get(b) - sums.get(a))
    .map((name) =>
      line(name, bar([{ share: sums.get(name) / top, part: colours[name] }]), formats.money(sums.get(name))),
    );
};

const byRegion = (rows, names, formats) => {
  const sums = sumBy(rows, "Region", "Revenue");
  const top = Math.max(...sums.values(), 1);
  return [...sums.keys()]
    .sort((a, b) => sums.get(b) - sums.get(a))
    .map((region) => {
      const own = sumBy(
        rows.filter((row) => row.Region === region),
        "Category",
        "Revenue",
      );
      const parts = names.map((name) => ({ share: (own.get(name) ?? 0) / top, part: colours[name] }));
      return line(region, bar(parts), formats.money(sums.get(region)));
    });
};

/** Revenue by region, each bar cut into categories; with one region only, by category. */
export const mix = (_tile, answer, { formats, words }) => {
  const rows = answer.rows.filter(({ Orders }) => Orders > 0);
  if (rows.length === 0) return [nothing(words.noOrders, words.noOrdersHint)];
  const several = new Set(rows.map(({ Region }) => Region)).size > 1;
  const names = categoryNames(rows);
  const lines = several ? byRegion(rows, names, formats) : byCategory(rows, formats);
  return [several && names.length > 1 ? key(names) : null, element("div", { class: "bars" }, lines)];
};

const goalDays = 14;

/** Days of cover for each warehouse, with the goal as a dashed line. */
export const cover = (_tile, answer, { formats, words }) => {
  if (answer.rows.length === 0) return [nothing(words.noOrders, words.noOrdersHint)];
  const [onHand, aDay] = [sumBy(answer.rows, "Warehouse", "On hand"), sumBy(answer.rows, "Warehouse", "Units a day")];
  const days = [...onHand].map(([name, units]) => ({ name, cover: units / (aDay.get(name) || 1) }));
  days.sort((a, b) => b.cover - a.cover);
  const top = Math.max(...days.map((each) => each.cover), goalDays * 1.2);
  const lines = days.map((each) =>
    line(
      each.name,
      bar([{ share: each.cover / top, part: each.cover < goalDays ? 4 : 2 }], goalDays / top),
      formats.tenths(each.cover),
    ),
  );
  const said = `${words.target}: ${formats.days(goalDays)}`;
  return [
    element("ul", { class: "key" }, element("li", {}, element("i", { class: "stroke dotted" }), said)),
    element("div", { class: "bars" }, lines),
  ];
};
