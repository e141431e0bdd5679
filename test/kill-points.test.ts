import { expect, test } from "vitest";
import { tableOf } from "./support/documents.ts";
import { filesBelow, read } from "./support/sources.ts";

const named = tableOf({ path: "docs/architecture.md", text: read("docs/architecture.md") }, "points").flatMap(
  ([points = ""]) => [...points.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name),
);

test("docs/architecture.md has every kill point of the code, once, and no other", () => {
  const passed = filesBelow("src", ".ts").flatMap(({ text }) =>
    [...text.matchAll(/passPoint\??\.?\(\s*"([^"]+)"/g)].map(([, name = ""]) => name),
  );
  expect(named.toSorted()).toEqual(passed.toSorted());
});

test("a story kills a daemon at each point of a delivery's way", () => {
  const story = read("test/stories/workers-killed-at-points.test.ts");
  const ofDeliveries = named.filter((name) => /^(tick|slot|render|write|send):/.test(name));
  expect(ofDeliveries.filter((name) => !story.includes(`"${name}"`))).toEqual([]);
});
