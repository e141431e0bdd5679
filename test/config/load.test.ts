import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadConfig } from "#config/load.ts";
import type { ServerSettings } from "#render/port.ts";
import { complete, folder, load, plain, report } from "./support.ts";

describe("a complete configuration", () => {
  test("needs eight lines, and everything else has a default", async () => {
    const config = await load(complete);
    expect(config).toMatchObject({
      database: null,
      zone: "Europe/Berlin",
      locale: "en",
      servers: [
        { name: "main", kind: null, url: "https://bi.example.com", hosts: ["bi.example.com"], signIn: { via: "none" } },
      ],
      mail: {
        via: { kind: "smtp", url: "smtp://mail.example.com", user: null, password: null },
        from: "BI Team <bi@example.com>",
      },
      limits: { browsers: 2, settleTimeoutMs: 60_000, sweepEveryMs: 15_000 },
    });
    expect(config.home).toBe(join(config.dir, ".daybreak"));
    expect(config.reports).toMatchObject([
      {
        name: "daily-sales",
        title: "Daily sales",
        views: [{ name: "yesterday-sales-summary", title: "Yesterday Sales Summary", server: "main", width: 1280 }],
        schedule: { at: "weekdays 07:00", zone: null, catchUpWithinMs: 10_800_000 },
        audience: { kind: "csv", file: "people.csv" },
        filter: { Region: { column: "region" } },
        formats: ["png"],
        proof: { mode: null },
      },
    ]);
  });

  test("signs in to the mail server by OAuth 2 when its four variables are set, and says which one is missing", async () => {
    const variable = (name: string) => `DAYBREAK_MAIL_OAUTH2_${name}`;
    const all = {
      [variable("CLIENT_ID")]: "id",
      [variable("CLIENT_SECRET")]: "s3cret",
      [variable("REFRESH_TOKEN")]: "token",
    };
    const url = "https://login.example.com/token";
    const config = await load(complete, { ...all, [variable("TOKEN_URL")]: url });
    expect(config.mail.via).toMatchObject({
      oauth2: { clientId: "id", clientSecret: "s3cret", refreshToken: "token", tokenUrl: url },
    });
    await expect(load(complete, all)).rejects.toThrow(/DAYBREAK_MAIL_OAUTH2_TOKEN_URL must be set too/);
  });

  test("without mail writes emails into the outbox, and without people reads the tables", async () => {
    const config = await load(report(plain));
    expect(config.mail).toMatchObject({ via: { kind: "folder", dir: join(config.home, "outbox") } });
    expect(config.reports[0]?.audience).toEqual({ kind: "tables" });
  });

  test("is what the report servers take, once their kind is known", async () => {
    const config = await load(complete);
    const settings: readonly ServerSettings[] = config.servers.map((server) => ({
      ...server,
      kind: server.kind ?? "web",
    }));
    expect(settings).toHaveLength(1);
  });

  test("gives the same reports, key by key, whatever the order of the file", async () => {
    const turned = `${complete.split("\n").slice(2).join("\n")}${complete.split("\n").slice(0, 2).join("\n")}\n`;
    const shuffled = turned
      .replace("    at: weekdays 07:00\n", "")
      .replace("    view:", "    at: weekdays 07:00\n    view:");
    expect(JSON.stringify((await load(shuffled)).reports)).toBe(JSON.stringify((await load(complete)).reports));
  });
});

describe("secrets", () => {
  test("come from the environment, which stands before .env, which stands before nothing", async () => {
    const env = { DAYBREAK_USER: "me" };
    const config = await load(complete, env, {
      ".env": "DAYBREAK_USER=somebody\nDAYBREAK_PASSWORD='it''s # secret'\n",
    });
    expect(config.servers[0]?.signIn).toMatchObject({ via: "form", user: "me" });
  });

  test("may lie in files that <NAME>_FILE names", async () => {
    using place = folder({ "daybreak.yaml": complete, "people.csv": "email\n", secret: "s3cr3t word\n" });
    const env = { DAYBREAK_MAIN_USER: "me", DAYBREAK_MAIN_PASSWORD_FILE: join(place.dir, "secret") };
    const config = await loadConfig(place.options(env));
    expect(config.servers[0]?.signIn).toEqual({ via: "form", user: "me", password: "s3cr3t word", form: null });
  });

  test("sign in by token where there is one, in the header that the kind wants", async () => {
    const signIn = async (kind: string, token: string) =>
      (await load(`server: { url: https://bi.example.com${kind} }`, { DAYBREAK_TOKEN: token })).servers[0]?.signIn;
    expect(await signIn("", "abc")).toEqual({ via: "token", header: "Authorization", value: "Bearer abc" });
    expect(await signIn(", kind: redash", "abc")).toEqual({ via: "token", header: "Authorization", value: "Key abc" });
    expect(await signIn(", kind: metabase", "abc")).toEqual({ via: "token", header: "X-API-Key", value: "abc" });
    expect(await signIn(", signIn: { header: X-Token }", "abc")).toEqual({
      via: "token",
      header: "X-Token",
      value: "abc",
    });
    expect(await signIn("", "Basic abc")).toEqual({ via: "token", header: "Authorization", value: "Basic abc" });
  });

  test("are encoded where they stand inside an address, and taken as they are where they are the whole of it", async () => {
    const password = "p@ss/w:rd%20";
    const yaml = complete.replace("smtp://mail", `smtp://me:\${PW}@mail`);
    const config = await load(yaml, { PW: password });
    expect(config.mail.via).toEqual({
      kind: "smtp",
      oauth2: null,
      url: "smtp://mail.example.com",
      user: "me",
      password,
    });
    const whole = `${complete}database: \${DB}\n`;
    expect((await load(whole, { DB: "postgres://u:p%40@h/d" })).database).toBe("postgres://u:p%40@h/d");
    expect((await load(complete, { DATABASE_URL: "postgres://h/d" })).database).toBe("postgres://h/d");
  });

  test("of one server are never used for another", async () => {
    const yaml = "servers:\n  a: { url: https://a.example.com }\n  b: { url: https://b.example.com }\n";
    const config = await load(yaml, { DAYBREAK_TOKEN: "nobody's", DAYBREAK_B_TOKEN: "theirs" });
    expect(config.servers.map(({ signIn }) => signIn.via)).toEqual(["none", "token"]);
  });
});

describe("the language", () => {
  test("resolves views, people, filters, facts and readiness in all their forms", async () => {
    const config = await load(
      `${report(`
views: [Sales/Summary, { path: /12, name: twelve, title: { de: Zwölf }, scale: 2 }]
scale: 1.5
at: { cron: "0 7 * * 1-5", zone: recipient, catchUp: { within: 90m } }
to: { query: select 1, on: wh }
filter: { A: a, B: { values: ["1", "2"] }, C: { value: x } }
facts: [{ name: revenue, csv: sum(R), against: sum(L), currency: EUR }]
readiness: { probes: [{ http: "https://x.example.com", expect: ok }], until: "08:30" }
proof: off
audienceGuard: 20%
sizeBudget: 1.5MB
expires: 2d`)}sources: { wh: { url: "postgres://h/d" } }\n`,
    );
    expect(config.reports[0]).toMatchObject({
      views: [
        { name: "summary", title: "Summary", scale: 1.5 },
        { name: "twelve", path: "12", title: { de: "Zwölf" }, scale: 2 },
      ],
      schedule: { at: "0 7 * * 1-5", zone: null, catchUpWithinMs: 5_400_000 },
      zone: "Europe/Berlin",
      audience: { kind: "query", query: "select 1", source: "wh" },
      filter: { A: { column: "a" }, B: { values: ["1", "2"] }, C: { values: ["x"] } },
      facts: [
        { label: "Revenue", from: { csv: "sum(R)" }, against: { csv: "sum(L)", label: "sum(L)" }, style: "currency" },
      ],
      readiness: { everyMs: 300_000, untilMs: 5_400_000, otherwise: "send-with-notice" },
      proof: { mode: "off" },
      audienceGuard: 0.2,
      sizeBudgetBytes: 1_572_864,
      expiresMs: 172_800_000,
    });
  });

  test("lets the first report of a bundle carry the others", async () => {
    const one = (name: string) => `  ${name}: { view: S/${name}, at: weekdays 07:00, bundle: morning }\n`;
    const config = await load(
      `server: https://bi.example.com\nreports:\n${one("a")}${one("b")}  c: { view: S/c, at: daily 08:00 }\n`,
    );
    expect(config.reports.map(({ name, bundled }) => [name, bundled.map((other) => other.name)])).toEqual([
      ["a", ["b"]],
      ["c", []],
    ]);
  });

  test("takes the same settings from a second place by YAML's anchors", async () => {
    const yaml = `server: https://bi.example.com\nreports:\n  a: &base { view: S/a, at: daily 08:00 }\n  b: { <<: *base, view: S/b }\n`;
    expect((await load(yaml)).reports.map(({ schedule }) => schedule.at)).toEqual(["daily 08:00", "daily 08:00"]);
  });
});
