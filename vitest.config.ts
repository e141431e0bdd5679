import { defineConfig } from "vitest/config";

/** Tests of code that decides and does nothing: no database, no browser, and the clock throws (test/support/pure.ts). */
const pure = [
  "test/model/**/*.test.ts",
  "test/schedule/{cron,words,plan,calendar}.test.ts",
  "test/**/plan.test.ts",
  "test/**/plan/*.test.ts",
  "test/render/inspect.test.ts",
  "test/runtime/backoff.test.ts",
  "test/web/views/**/*.test.ts",
  "test/support/pure.test.ts",
];

/** Tests that read the project's own files: also without a database, but free to read the clock. */
const house = ["test/architecture.test.ts"];

const isLong = process.env.DAYBREAK_LONG === "1";

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: "pure",
          include: pure,
          setupFiles: ["test/support/pure.ts"],
          testTimeout: isLong ? 600_000 : 60_000,
        },
      },
      { test: { name: "house", include: house, testTimeout: 20_000 } },
      {
        test: {
          name: "real",
          include: ["test/**/*.test.ts"],
          exclude: [...pure, ...house],
          globalSetup: ["test/support/global.ts"],
          testTimeout: isLong ? 3_600_000 : 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
