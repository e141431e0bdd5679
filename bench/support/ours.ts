/** Daybreak itself, over a configuration, a database and a folder of its own. */
import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deliveriesOf } from "#actions/follow.ts";
import { changeMode } from "#actions/live.ts";
import { draftRequest, requestSend } from "#actions/send.ts";
import { type App, type AppOptions, configChecks, logAt, openApp } from "#app.ts";
import { loadConfig } from "#config/load.ts";
import { proveDelivery } from "#proof/run.ts";
import { home as projectHome } from "./home.ts";
import { readySelector, viewport } from "./page.ts";
import { account } from "./page-account.ts";

/** What a place to measure in differs by. */
export interface BenchPlaceOptions {
  readonly url: string;
  readonly browsers: number;
  /** `false`: the generic rule finds out when the page is drawn. */
  readonly hasReadySign?: boolean;
  readonly mail?: string;
  readonly formats?: readonly string[];
  readonly limits?: Readonly<Record<string, number>>;
  /** Whose list the report has; default: `people.csv`. */
  readonly to?: "people.csv" | "tables";
}

/** A folder with a configuration, and what a process needs to use it. */
export interface BenchPlace extends AsyncDisposable {
  readonly file: string;
  readonly env: Readonly<Record<string, string>>;
  /** The list of people: their addresses and regions. */
  writePeople(people: readonly (readonly [email: string, region: string])[]): Promise<void>;
  open(reach?: AppOptions["reach"]): Promise<App>;
}

const configurationOf = ({ url, browsers, hasReadySign = true, mail, formats, limits, to }: BenchPlaceOptions) => ({
  server: {
    url,
    kind: "web",
    signIn: { via: "form", user: account.user, form: { path: "/login" } },
    web: { csvUrl: "/{view}.csv" },
    ...(hasReadySign ? { ready: readySelector } : {}),
    concurrency: 64,
  },
  home: "home",
  zone: "UTC",
  mail: { from: "Bench <bench@example.com>", ...(mail ? { via: mail } : {}) },
  limits: { browsers, ...limits },
  reports: {
    sales: {
      view: "sales",
      width: viewport.width,
      scale: viewport.deviceScaleFactor,
      at: { cron: "0 5 29 2 *" },
      to: to ?? "people.csv",
      filter: { Region: "region" },
      formats: formats ?? ["png", "pdf", "csv"],
      proof: "enforce",
    },
  },
});

/** Makes a place whose report is live. */
export const openBenchPlace = async (options: BenchPlaceOptions): Promise<BenchPlace> => {
  const dir = await mkdtemp(join(tmpdir(), "daybreak-bench-"));
  await mkdir(join(dir, "home"), { mode: 0o700 });
  await mkdir(join(projectHome, "cache"), { recursive: true, mode: 0o700 });
  await symlink(join(projectHome, "cache"), join(dir, "home", "cache"));
  const file = join(dir, "daybreak.yaml");
  await writeFile(file, JSON.stringify(configurationOf(options)));
  const writePeople: BenchPlace["writePeople"] = (people) =>
    writeFile(join(dir, "people.csv"), `email,region\n${people.map((row) => row.join(",")).join("\n")}\n`);
  await writePeople([]);
  const env = { DAYBREAK_MAIN_PASSWORD: account.password };
  return {
    file,
    env,
    writePeople,
    open: async (reach = "servers") => {
      const config = await loadConfig({ file, env: { ...process.env, ...env }, cwd: dir, ...configChecks });
      const app = await openApp(config, { log: logAt("error"), reach });
      await changeMode({ report: "sales", mode: "live", by: "bench" }, app);
      return app;
    },
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  };
};

/** Draws up a delivery for each of the people; the occasion's name. */
export const order = async (app: App): Promise<string> => {
  const parts = {
    pool: app.pool,
    clock: app.clock,
    holidaysOn: app.holidays.on,
    readLists: app.parts.readLists,
    putDrafts: app.putDrafts,
    newId: randomUUID,
  };
  return requestSend(await draftRequest({ report: "sales", as: null, deliverTo: null, trial: false }, parts), parts);
};

/** Proves each delivery of an occasion as soon as it is drawn; throws for one that isn't proven. */
export const proveAll = async (app: App, occasion: string): Promise<void> => {
  const report = app.config.reports.find(({ name }) => name === "sales");
  if (report === undefined) throw new Error("the bench's own report is missing");
  const proven = new Set<string>();
  for (;;) {
    const deliveries = await deliveriesOf(occasion, app.pool);
    const lost = deliveries.find(({ state }) => state !== "planned" && state !== "drawn");
    if (lost !== undefined) throw new Error(`a delivery is ${lost.state}: ${lost.reason}`);
    for (const delivery of deliveries.filter(({ id, state }) => state === "drawn" && !proven.has(id))) {
      const { outcome } = await proveDelivery(delivery, () => report, app.pool);
      if (outcome !== "proven") throw new Error(`a delivery is ${outcome}`);
      proven.add(delivery.id);
    }
    const left = deliveries.length - proven.size;
    if (left === 0) return;
    // Each look reads all rows, which a daemon never does, and none of it is drawing: so looks are rare until the end is near.
    await new Promise((done) => setTimeout(done, Math.max(50, left * 25)));
  }
};
