import { afterAll, beforeAll, expect, test } from "vitest";
import { openWorld, type World } from "./world.ts";

const yaml = `server: { url: "http://127.0.0.1:9", kind: sample }
reports:
  sales: { view: A/B, at: weekdays 07:00 }
`;

let world: World;
beforeAll(async () => {
  world = await openWorld({ "daybreak.yaml": yaml });
});
afterAll(() => world[Symbol.asyncDispose]());

test("a report begins in trial, goes live and back, and who did it is recorded", async () => {
  expect((await world.run(["trial", "sales"])).out).toBe("“sales” is in trial already.\n");
  const live = await world.run(["live", "sales"]);
  expect(live.code).toBe(0);
  expect(live.out).toContain("✓ “sales” is live: from its next time on its mail goes to its audience.");
  expect(live.out).toContain("No mail server is set (mail.via)");
  expect((await world.run(["plan"])).out).toContain("sales  live");
  expect((await world.run(["live", "sales"])).out).toContain("“sales” is live already.");
  expect((await world.run(["trial", "sales"])).out).toContain("✓ “sales” is in trial: its mail goes to ");
  const { rows } = await world.database.pool.query(
    `select actor, after ->> 'mode' as mode from audit where "table" = 'reports' order by id`,
  );
  expect(rows.slice(-2)).toEqual([
    { actor: expect.stringMatching(/^cli:/), mode: "live" },
    { actor: expect.stringMatching(/^cli:/), mode: "trial" },
  ]);
});

test("an unknown report can't go live", async () => {
  expect(await world.run(["live", "sale"])).toMatchObject({
    code: 1,
    err: expect.stringContaining("did you mean “sales”?"),
  });
});

test("migrating an up-to-date database says so", async () => {
  expect(await world.run(["migrate"])).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^✓ The schema is up to date \(\d+\)\.\n$/),
  });
});

test("explain shows a setting with its value and origin, and finds what was meant", async () => {
  const { code, out } = await world.run(["explain", "reports.sales"]);
  expect(code).toBe(0);
  expect(out).toMatch(/reports\.sales\.at +weekdays 07:00 +daybreak.yaml:3/);
  expect(await world.run(["explain", "limit"])).toMatchObject({
    code: 2,
    err: expect.stringContaining("did you mean “limits”?"),
  });
});

test("explain never shows a secret", async () => {
  const { out } = await world.run(["explain"], {
    env: { DAYBREAK_USER: "bi-robot", DAYBREAK_PASSWORD: "hunter2-hunter2" },
  });
  expect(out).toContain("server.signIn.password");
  expect(out).not.toContain("hunter2-hunter2");
});
