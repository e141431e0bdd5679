import { element } from "./element.js";

/** Fills a filter's menu when it is first opened, so that a page holds no value that it was not asked for. */
const fill = async (chip, boot) => {
  const views = await (await fetch("/api/views")).json();
  const filter = views.find(({ path }) => path === boot.view).filters.find(({ name }) => name === chip.dataset.filter);
  const menu = chip.querySelector(".choices");
  const chosen = new Set([...menu.querySelectorAll("input")].map(({ value }) => value));
  const boxes = filter.values.map((value) =>
    element(
      "label",
      {},
      element("input", { type: "checkbox", name: filter.name, value, ...(chosen.has(value) ? { checked: "" } : {}) }),
      value,
    ),
  );
  menu.replaceChildren(...boxes, element("button", {}, boot.words.apply));
};

/** Lets every filter chip of the page open its menu. */
export const openChoices = (boot) => {
  for (const chip of document.querySelectorAll(".chip")) {
    chip.addEventListener("toggle", () => fill(chip, boot), { once: true });
  }
};
