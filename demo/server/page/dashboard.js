import { cover, mix } from "./bars.js";
import { openChoices } from "./choices.js";
import { element } from "./element.js";
import { figure } from "./figure.js";
import { formatsOf } from "./format.js";
import { table } from "./table.js";
import { trend } from "./trend.js";

const drawers = { figure, trend, mix, cover, table };
const boot = JSON.parse(document.getElementById("boot").textContent);
const page = {
  words: boot.words,
  formats: formatsOf(boot.locale, boot.words),
  titleOf: (name) => boot.words[name] ?? name,
};

const signInAgain = () => {
  const here = location.pathname + location.search;
  location.assign(`/signin?next=${encodeURIComponent(here)}`);
  // The page is going away: no tile of it shall still become "done".
  return new Promise(() => {});
};

const ask = async (name) => {
  const query = new URLSearchParams({ view: boot.view });
  for (const [key, value] of new URLSearchParams(boot.query)) query.append(key, value);
  const response = await fetch(`/api/data/${name}?${query}`, { headers: { "x-page-load": boot.load } });
  if (response.status === 401) return signInAgain();
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
};

const failure = (error) =>
  element(
    "div",
    { class: "failure", role: "alert" },
    element("b", {}, boot.words.failed),
    element("span", {}, error instanceof Error ? error.message : String(error)),
  );

const load = async (tile) => {
  const section = document.querySelector(`[data-tile="${tile.name}"]`);
  const body = section.querySelector(".body");
  const finish = (state, parts) => {
    body.replaceChildren(...parts.filter((part) => part !== null));
    section.dataset.state = state;
    section.removeAttribute("aria-busy");
  };
  try {
    finish("done", drawers[tile.kind](tile, await ask(tile.name), page));
  } catch (error) {
    finish("error", [failure(error)]);
  }
};

const start = async () => {
  if (boot.leaveTo !== null) return location.assign(boot.leaveTo);
  openChoices(boot);
  await Promise.all(boot.tiles.map(load));
  document.querySelector("[data-dashboard]").dataset.ready = "true";
};

await start();
