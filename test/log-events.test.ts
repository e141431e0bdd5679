import { expect, test } from "vitest";
import { watchedKeys } from "#alert/plan/troubles.ts";
import { tableOf } from "./support/documents.ts";
import { filesBelow, read } from "./support/sources.ts";

const sources = filesBelow("src", ".ts");

interface Logged {
  readonly event: string;
  readonly level: string;
}

/** What stands in a call in place of its words, and where these words stand. */
const elsewhere: Readonly<Record<string, RegExp>> = {
  event: /readonly event: "([a-z.-]+)"/g,
  what: /\bwhat: "([a-z-]+\.[a-z-]+)"/g,
};

const filled: Readonly<Record<string, readonly string[]>> = {
  "${what}.taken-over": ["render.taken-over", "delivery.taken-over"],
  "${what}.worn": ["render.worn", "delivery.worn"],
  "${name}.untold": ["ping.untold", "heartbeat.untold"],
  "alert.${severity}": ["alert.recovered", "alert.summary"],
};

const wordsIn = (first: string, text: string): readonly string[] => {
  const words = [...first.matchAll(/["`]([^"`]+)["`]/g)].map(([, word = ""]) => word);
  if (words.length > 0) return words.flatMap((word) => filled[word] ?? [word]);
  const pattern = elsewhere[first.trim()] ?? expect.fail(`nobody knows what is logged by “${first.trim()}”`);
  const found = (pattern === elsewhere["event"] ? sources.map((file) => file.text) : [text]).flatMap((one) =>
    [...one.matchAll(pattern)].map(([, word = ""]) => word),
  );
  return found;
};

const logged = (): readonly Logged[] =>
  sources.flatMap(({ text }) =>
    [...text.matchAll(/\blog\.(info|warn|error)\(\s*(?!\.\.\.)([^,)]*)/g)].flatMap(([, level = "", first = ""]) =>
      wordsIn(first, text).map((event) => ({ event, level })),
    ),
  );

test("docs/log-events.md has every event that is logged, with its levels, and no other", () => {
  const rows = tableOf({ path: "docs/log-events.md", text: read("docs/log-events.md") }, "event");
  const levels = ["info", "warn", "error"];
  const byEvent = Map.groupBy(logged(), ({ event }) => event);
  const found = [...byEvent]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([event, lines]) => {
      const those = levels.filter((level) => lines.some((line) => line.level === level));
      return [`\`${event}\``, those.join(", ")];
    });
  expect(rows.map(([event, level]) => [event, level])).toEqual(found);
  expect(rows.filter(([, , words = ""]) => words === "")).toEqual([]);
  expect(found.length).toBeGreaterThan(70);
});

/** How the keys of alerts begin, as they stand where alerts are raised. */
const raisedKeys = (): readonly string[] => {
  const raising = sources.filter(
    ({ path, text }) => /\braise\(|\btell(?:Ticks)?\(/.test(text) && !path.startsWith("src/cli/"),
  );
  const pattern =
    /(?:\bkey(?::| =)|\balert =|\bforeign =|\btell\(|\btellTicks\(|=> *)\s*["`]([a-z-]+)(?=:\$\{|",|";|` *[,;])/g;
  return raising.flatMap(({ text }) => [...text.matchAll(pattern)].map(([, word = ""]) => word));
};

test("the guide for operators says of each kind of alert what it means and what to do", () => {
  const guide = { path: "docs/guides/operate.md", text: read("docs/guides/operate.md") };
  const told = tableOf(guide, "alert").map(([cell = ""]) => /^`([a-z-]+)/.exec(cell)?.[1] ?? cell);
  const raised = new Set([...watchedKeys.map((key) => key.replace(":", "")), ...raisedKeys()]);
  expect([...raised].filter((kind) => !told.includes(kind)).sort()).toEqual([]);
  expect(told.filter((kind) => !raised.has(kind)).sort()).toEqual([]);
  expect(raised.size).toBeGreaterThan(15);
});
