import { readdir } from "node:fs/promises";
import { expect, test } from "vitest";
import { freshDatabase } from "../support/database.ts";

const folder = new URL("../../src/store/", import.meta.url);

test("every registered statement can be prepared against the migrated schema", async () => {
  await using database = await freshDatabase();
  let prepared = 0;
  for (const file of (await readdir(folder)).filter((name) => name.endsWith(".ts"))) {
    const { statements } = (await import(new URL(file, folder).href)) as { statements?: Record<string, string> };
    for (const [name, sql] of Object.entries(statements ?? {})) {
      const label = `${file.replace(".ts", "")}_${name}`;
      await expect(database.pool.query(`prepare "${label}" as ${sql}`), `${file}: ${name}`).resolves.toBeDefined();
      prepared += 1;
    }
  }
  expect(prepared).toBeGreaterThan(50);
});
