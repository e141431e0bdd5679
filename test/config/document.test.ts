import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadConfig } from "#config/load.ts";
import { complete, folder, load, mistakes, mistakesIn } from "./support.ts";

describe("a file that can't be read", () => {
  const table: readonly (readonly [what: string, yaml: string, expected: string])[] = [
    [
      "a duplicate key",
      "zone: UTC\nzone: UTC\n",
      "daybreak.yaml:2:1 This key stands here for the second time; keep one of them.",
    ],
    ["a tab", "reports:\n\ta: 1\n", "daybreak.yaml:2:1 A tab stands at the beginning of the line; indent with blanks."],
    ["a quote", "zone: 'UTC\n", "daybreak.yaml:2:1 A quote, bracket or comma is missing."],
    [
      "two colons",
      "zone: a: b\n",
      "daybreak.yaml:1:7 A second “key: value” stands on one line; put a text that holds “: ” in quotes, or begin a new line.",
    ],
    [
      "a name that would be dropped in silence, and with it the filter",
      "reports:\n  sales:\n    filter: { __proto__: region }\n",
      "daybreak.yaml:3:15 “__proto__” can't be a name here; choose another.",
    ],
    [
      "a second document",
      "zone: UTC\n---\nzone: UTC\n",
      "daybreak.yaml:2:1 A second document begins here; remove the line ---.",
    ],
  ];

  test.each(table)("is named with line and column: %s", async (_, yaml, expected) => {
    expect(await mistakes(yaml)).toEqual([expected]);
  });

  test("doesn't give away what stands in it", async () => {
    const lines = await mistakes('mail: { via: "smtp://me:hunter2@h" from: x }\n');
    expect(lines.join("\n")).not.toContain("hunter2");
  });

  test("is told by its name", async () => {
    using place = folder({});
    await expect(loadConfig(place.options())).rejects.toMatchObject({ code: "config.unreadable" });
    writeFileSync(join(place.dir, "daybreak.yaml"), Buffer.from([0xff, 0xfe, 0x61, 0x00]));
    expect(await mistakesIn(loadConfig(place.options()))).toEqual([
      expect.stringContaining("isn't a text file in UTF-8"),
    ]);
  });

  test("may begin with a byte order mark and end lines as Windows does", async () => {
    expect((await load(`\uFEFF${complete.replaceAll("\n", "\r\n")}`)).reports).toHaveLength(1);
  });
});
