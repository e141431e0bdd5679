import { expect, test } from "vitest";
import type { Format } from "#model/people.ts";
import type { RenderRequest } from "#model/render.ts";
import { Temporal } from "#model/time.ts";
import { wantRenders } from "#store/owed.ts";
import type { Pool } from "#store/pool.ts";
import { finishRender, leaseRender, renderById } from "#store/renders.ts";
import { knowServers } from "#store/servers.ts";
import { freshDatabase } from "../support/database.ts";
import { reportNamed } from "../support/reports.ts";

const now = Temporal.Instant.from("2026-11-20T06:00:00Z");

const request = (formats: readonly Format[]): RenderRequest => {
  const [view] = reportNamed("sales").views;
  if (view === undefined) throw new Error("the report has no view");
  const filters = { Region: ["North"] };
  const nominal = now.toString();
  return { key: "k", version: "v", view, filters, locale: "en", zone: "UTC", formats, elements: [], nominal };
};

const waitingFor = (pool: Pool, render: string): Promise<unknown> =>
  pool.query(
    `with who as (insert into recipients (key) values ('a') returning id),
       owed as (insert into deliveries (occasion, report, version, recipient_id, recipient_name, envelope, filters, filters_key,
         formats, locale, zone, nominal, expires_at, trial)
       select 'slot:1', 'sales', 'v', id, 'a', '{}', '"all"', '', '{png}', 'en', 'UTC', now(), now(), false from who returning id)
     insert into delivery_parts (delivery_id, part, report, view, filters, render_id)
     select id, 0, 'sales', 'summary', '{}', $1 from owed`,
    [render],
  );

const drawn = {
  artifacts: [],
  evidence: {
    ...{ requests: [], elements: {}, csv: null, filterColumns: {}, filterParameters: {} },
    ...{ brokenTiles: [], dataAsOf: null, drawnMs: 1 },
  },
  now,
};

test("a format that is asked for while a render is drawn is drawn too, with all tries", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  await pool.query("insert into report_versions values ('v', 'sales', '{}', $1)", [now]);
  const [id = ""] = (await wantRenders(pool, [request(["png"])])).values();
  await waitingFor(pool, id);
  await knowServers(pool, { main: 1 }, true);
  const ask = { owner: "test", leaseMs: 60_000, now, servers: { main: 1 }, occasion: null };
  const first = await leaseRender(pool, ask);
  await wantRenders(pool, [request(["png", "pdf"])]);
  if (first === null) throw new Error("nothing to draw");
  expect(await finishRender(pool, first, drawn)).toBe(true);
  expect(await renderById(pool, id)).toMatchObject({ state: "wanted" });
  const second = await leaseRender(pool, ask);
  expect(second).toMatchObject({ id, n: 1 });
  expect([...(second?.request.formats ?? [])].sort()).toEqual(["pdf", "png"]);
  if (second !== null) await finishRender(pool, second, drawn);
  expect(await renderById(pool, id)).toMatchObject({ state: "ready" });
});
