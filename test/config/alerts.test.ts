import { expect, test } from "vitest";
import { loadConfig } from "#config/load.ts";
import { isFault } from "#model/fault.ts";
import { folder } from "./support.ts";

const load = async (alerts: string, env: Readonly<Record<string, string>> = {}, more = "") => {
  using place = folder({
    "daybreak.yaml": `server: { url: http://127.0.0.1:1, kind: sample, signIn: { via: none } }
alerts: ${alerts}
${more}
reports: { daily: { view: A/B, at: weekdays 07:00 } }
`,
  });
  return await loadConfig(place.options(env));
};

const mistakes = async (...given: Parameters<typeof load>): Promise<string> => {
  try {
    await load(...given);
    return "";
  } catch (error) {
    if (!isFault(error)) throw error;
    return error.message;
  }
};

test("channels come from the file, their secrets from the environment", async () => {
  const env = {
    SLACK: "https://hooks.slack.com/services/T/B/x",
    PD: "0123",
    HOOK: "https://alerts.example.com/in?a=b",
    DAYBREAK_ALERTS_WEBHOOK_SECRET: "a secret",
  };
  const written = `{ email: ops@example.com, webhook: "\${HOOK}", slack: "\${SLACK}", pagerduty: "\${PD}", ping: https://hc.example.com/1, heartbeat: https://hc.example.com/2, heartbeatEvery: 1m, lateAfter: 20m }`;
  expect((await load(written, env)).alerts).toEqual({
    email: ["ops@example.com"],
    webhook: { url: env.HOOK, secret: "a secret" },
    slack: env.SLACK,
    pagerduty: { key: "0123", url: "https://events.pagerduty.com" },
    ping: "https://hc.example.com/1",
    heartbeat: { url: "https://hc.example.com/2", everyMs: 60_000 },
    lateAfterMs: 1_200_000,
  });
});

test("without a word there is no channel but the log", async () => {
  expect((await load("{}")).alerts).toEqual({
    ...{ email: [], webhook: null, slack: null, pagerduty: null, ping: null, heartbeat: null },
    lateAfterMs: 2_700_000,
  });
});

test("what is a secret as a whole is refused in the file, and so is what is no address", async () => {
  const words = await mistakes(
    '{ slack: "https://hooks.slack.com/services/T/B/x", pagerduty: "0123", ping: hc-ping.com/1 }',
  );
  for (const part of ["alerts.slack", "alerts.pagerduty", "${PAGERDUTY_KEY}", "alerts.ping", "web address"])
    expect(words).toContain(part);
  expect(words).not.toContain("/T/B/x");
});

test("mail is kept to addresses and domains, or goes to one mailbox", async () => {
  const { mail } = await load(
    "{}",
    {},
    "mail: { onlyTo: [ Example.com, anna@example.org ], redirectTo: t@example.com }",
  );
  expect(mail).toMatchObject({ onlyTo: ["example.com", "anna@example.org"], redirectTo: "t@example.com" });
  expect(await mistakes("{}", {}, "mail: { onlyTo: [ 'a b' ] }")).toContain("an email address or a domain");
});
