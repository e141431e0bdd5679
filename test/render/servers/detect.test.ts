import { describe, expect, test } from "vitest";
import type { Fetch } from "#render/servers/detect.ts";
import { detectKind } from "#render/servers/detect.ts";

type Answers = Readonly<Record<string, string | { readonly to: string } | { readonly status: number }>>;

/** A server that answers some paths, and the rest with 404. */
const server = (answers: Answers): Fetch & { readonly asked: string[] } => {
  const asked: string[] = [];
  const fetch: Fetch = async (address) => {
    asked.push(address);
    const { origin, pathname } = new URL(address);
    const answer = origin === "https://bi.example.com" ? answers[pathname] : undefined;
    if (answer === undefined) return new Response("no", { status: 404 });
    if (typeof answer === "string") return new Response(answer);
    if ("to" in answer) return new Response(null, { status: 302, headers: { location: answer.to } });
    return new Response("", answer);
  };
  return Object.assign(fetch, { asked });
};

describe("detectKind", () => {
  test.each<[string, Answers]>([
    ["sample", { "/api/about": '{"product":"Meridian sample report server","version":"1"}' }],
    ["metabase", { "/api/session/properties": '{"version":{"tag":"v0.50.1"},"has-user-setup":true}' }],
    ["grafana", { "/api/health": '{"commit":"087143285","database":"ok","version":"5.1.3"}' }],
    ["superset", { "/health": "OK", "/login/": "<title>Superset</title>" }],
    ["redash", { "/ping": "PONG.", "/login": "<title>Login | Redash</title>" }],
    [
      "tableau",
      { "/api/3.4/serverinfo": '<serverInfo><productVersion build="20241.24">2024.1</productVersion></serverInfo>' },
    ],
    ["web", { "/": "<h1>Hello</h1>" }],
    ["web", { "/": { status: 401 } }],
    ["web", { "/health": "OK", "/login/": "<title>Our portal</title>" }],
    ["web", { "/api/health": '{"status":"ok"}', "/ping": "PONG" }],
  ])("knows %s by its signs", async (kind, answers) => {
    const found = await detectKind("https://bi.example.com/", server(answers));
    expect(found.kind).toBe(kind);
    expect(found.evidence).toMatch(/\.$/);
  });

  test("follows redirects on the same host and no others", async () => {
    const same = server({
      "/api/about": { to: "/v2/about" },
      "/v2/about": '{"product":"Meridian sample report server"}',
    });
    expect((await detectKind("https://bi.example.com", same)).kind).toBe("sample");
    const foreign = server({ "/api/about": { to: "http://169.254.169.254/latest" } });
    expect((await detectKind("https://bi.example.com", foreign)).kind).toBe("web");
    expect(foreign.asked.some((address) => address.includes("169.254"))).toBe(false);
  });

  test("keeps a base path and asks each address once", async () => {
    const based = server({ "/bi/api/health": '{"database":"ok"}' });
    expect((await detectKind("https://bi.example.com/bi/", based)).kind).toBe("grafana");
    expect(new Set(based.asked).size).toBe(based.asked.length);
  });

  test("isn't led astray by huge or broken answers", async () => {
    const huge = server({ "/api/about": "x".repeat(1_000_000), "/api/health": "{broken" });
    expect((await detectKind("https://bi.example.com", huge)).kind).toBe("web");
  });

  test("says that nothing answers", async () => {
    const silent: Fetch = () => Promise.reject(new TypeError("connection refused"));
    await expect(detectKind("https://bi.example.com", silent)).rejects.toMatchObject({
      code: "server.unreachable",
      message: "Nothing answered at https://bi.example.com: connection refused",
    });
  });
});
