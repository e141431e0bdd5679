import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { Fault } from "#model/fault.ts";
import { instantOf } from "#model/time.ts";
import { openLog, prettyLine } from "#runtime/log.ts";

const written = async (
  maskAddresses: boolean,
): Promise<{ file: string; lines: () => Promise<Record<string, unknown>[]> }> => {
  const folder = await mkdtemp(join(tmpdir(), "daybreak-log-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, "deep", "daybreak.log");
  const log = openLog({ level: "info", file, maskAddresses }).with({ slot: "7" });
  const error = new Fault("send.refused", "550 no Ada.Lovelace@example.com", {
    hint: "see smtp://me:geheim@mail.example.com",
  });
  log.warn("delivery.refused", {
    to: ["ada.lovelace@example.com"],
    at: instantOf(0),
    error,
    via: "smtp://me:geheim@mail.example.com",
  });
  return {
    file,
    lines: async () =>
      (await readFile(file, "utf8"))
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line)),
  };
};

test("a line is an event name with fields, faults with code and hint, instants as text", async () => {
  const [line] = await (await written(false)).lines();
  expect(line).toMatchObject({
    level: "warn",
    event: "delivery.refused",
    slot: "7",
    to: ["ada.lovelace@example.com"],
    at: "1970-01-01T00:00:00Z",
    error: { code: "send.refused", retry: "never" },
  });
});

test("passwords in addresses are never written, and nobody else may read the file", async () => {
  const { file, lines } = await written(false);
  expect(JSON.stringify(await lines())).not.toContain("geheim");
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

test("addresses of people are masked where wanted", async () => {
  const [line] = await (await written(true)).lines();
  expect(line).toMatchObject({ to: ["a…@example.com"], error: { what: "550 no A…@example.com" } });
});

const pretty = (fields: object): string =>
  stripVTControlCharacters(
    prettyLine(JSON.stringify({ level: "info", time: "2026-11-20T06:00:00Z", event: "x", ...fields })),
  );

test("a line on a terminal commands nothing there, whatever a page or a row holds", () => {
  const line = JSON.stringify({
    level: "info",
    time: "2026-11-20T06:00:00Z",
    event: "x",
    tile: "a\u001b[2J\r\n\u202eb",
  });
  expect(prettyLine(line)).toMatch(/tile a·\[2J···b\n$/);
});

test("a line on a terminal is words: no brackets, no empty fields, a fault as its sentence and its hint", () => {
  expect(pretty({ delivery: "2", outcome: "proven", reasons: [], ms: 930 })).toMatch(
    /^\d\d:00:00 x delivery 2 · proven · 930 ms\n$/,
  );
  const error = { code: "send.refused", what: "550 no", hint: "ask them", retry: "never" };
  expect(pretty({ delivery: "2", error })).toContain("x delivery 2 · 550 no → ask them\n");
  expect(pretty({ reasons: ["one", "two"], note: null })).toContain("x one; two\n");
});
