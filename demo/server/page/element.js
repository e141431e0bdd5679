const svgNames = new Set(["svg", "g", "path", "rect", "line", "circle", "text", "title"]);

/** Makes an element with attributes and children; text goes in as text, never as markup. */
export const element = (name, attributes = {}, ...children) => {
  const made = svgNames.has(name)
    ? document.createElementNS("http://www.w3.org/2000/svg", name)
    : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) made.setAttribute(key, String(value));
  }
  made.append(...children.flat(Number.POSITIVE_INFINITY).filter((child) => child !== null && child !== undefined));
  return made;
};

/** Points in a box of 1000 × 100, as a path; drawn stretched, so it fits any width without drawing again. */
export const pathOf = (values, top) => {
  const step = values.length > 1 ? 1000 / (values.length - 1) : 0;
  return values
    .map(
      (value, place) =>
        `${place === 0 ? "M" : "L"}${(place * step).toFixed(1)} ${(100 - (100 * value) / top).toFixed(2)}`,
    )
    .join("");
};

/** Closes a path of `pathOf` down to the base. */
export const areaOf = (path) => `${path}V100H0Z`;

/** "There is nothing", said tidily. */
export const nothing = (heading, hint) =>
  element(
    "div",
    { class: "nothing" },
    element("b", {}, heading),
    hint === undefined ? null : element("span", {}, hint),
  );
