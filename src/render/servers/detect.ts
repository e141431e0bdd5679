import { Fault, wordsOf } from "#model/fault.ts";
import type { ServerKind } from "#render/port.ts";
import { at, parsed, textOf, within } from "#render/servers/json.ts";

/** What a server seems to be, and the sentence that says by which sign. */
export interface Detected {
  readonly kind: ServerKind;
  readonly evidence: string;
}

/** What is used of `fetch`. */
export type Fetch = (
  address: string,
  init: { readonly redirect: "manual"; readonly signal: AbortSignal },
) => Promise<Response>;

interface Answer {
  readonly status: number;
  readonly text: string;
}

type Get = (path: string) => Promise<Answer>;

const limitMs = 5_000;
/** Signs stand at the beginning of an answer. */
const most = 65_536;
const hops = 2;

/**
 * Finds out what kind of report server answers at `url`, by addresses that need no sign-in. All are asked at once, each for at
 * most five seconds, and a redirect to another host isn't followed. Throws `server.unreachable` when nothing answers.
 */
export const detectKind = async (url: string, fetch: Fetch): Promise<Detected> => {
  const base = url.replace(/\/+$/, "");
  const get = getting(base, fetch);
  const answers = await Promise.all([
    get("/").then(() => null, wordsOf),
    ...signs.map((sign) => sign(get).catch(() => null)),
  ]);
  const [silence, ...found] = answers;
  const detected = found.find((one): one is Detected => typeof one === "object" && one !== null);
  if (detected !== undefined) return detected;
  if (typeof silence === "string") throw unreachable(base, silence);
  return { kind: "web", evidence: "No known report server answered, so it is taken as a plain web page." };
};

const unreachable = (url: string, words: string): Fault =>
  new Fault("server.unreachable", `Nothing answered at ${url}: ${words}`, {
    hint: "Check the server's address; set servers.<name>.kind to skip finding out what it is.",
    retry: "later",
  });

const getting = (base: string, fetch: Fetch): Get => {
  const memo = new Map<string, Promise<Answer>>();
  return (path) => {
    const known = memo.get(path) ?? followed(base + path, fetch, hops);
    memo.set(path, known);
    return known;
  };
};

const followed = async (address: string, fetch: Fetch, left: number): Promise<Answer> => {
  const response = await fetch(address, { redirect: "manual", signal: AbortSignal.timeout(limitMs) });
  const to = response.headers.get("location");
  if (response.status < 300 || response.status >= 400 || to === null)
    return { status: response.status, text: await beginning(response) };
  await response.body?.cancel();
  const next = new URL(to, address);
  if (left === 0 || next.origin !== new URL(address).origin) return { status: response.status, text: "" };
  return followed(next.href, fetch, left - 1);
};

const beginning = async (response: Response): Promise<string> => {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length >= most) break;
  }
  return text.slice(0, most);
};

const ok = async (get: Get, path: string): Promise<string> => {
  const { status, text } = await get(path);
  return status === 200 ? text : "";
};

/** Our own sample server says its name. */
const sample = async (get: Get): Promise<Detected | null> => {
  const product = textOf(at(parsed(await ok(get, "/api/about")), "product"));
  return product?.startsWith("Meridian sample")
    ? { kind: "sample", evidence: `GET /api/about says “${product}”.` }
    : null;
};

/** Public settings, whose names have hyphens, with a version and its tag. */
const metabase = async (get: Get): Promise<Detected | null> => {
  const settings = parsed(await ok(get, "/api/session/properties"));
  const tag = textOf(within(settings, "version", "tag"));
  const is = tag !== null || at(settings, "has-user-setup") !== undefined || at(settings, "setup-token") !== undefined;
  return is
    ? { kind: "metabase", evidence: `GET /api/session/properties answers as Metabase ${tag ?? ""} does.` }
    : null;
};

/** Grafana's health says how its database is; other products' health doesn't. */
const grafana = async (get: Get): Promise<Detected | null> => {
  const health = parsed(await ok(get, "/api/health"));
  if (textOf(at(health, "database")) === null) return null;
  return {
    kind: "grafana",
    evidence: `GET /api/health answers as Grafana ${textOf(at(health, "version")) ?? ""} does.`,
  };
};

/** `OK` alone is said by many, so the sign-in page must name the product. */
const superset = async (get: Get): Promise<Detected | null> => {
  const [health, login] = await Promise.all([ok(get, "/health"), ok(get, "/login/")]);
  const is = health.trim() === "OK" && /superset/i.test(login);
  return is ? { kind: "superset", evidence: "GET /health says OK, and /login/ names Superset." } : null;
};

const redash = async (get: Get): Promise<Detected | null> => {
  const [ping, login] = await Promise.all([ok(get, "/ping"), ok(get, "/login")]);
  const is = /^PONG\.?$/.test(ping.trim()) && /redash/i.test(login);
  return is ? { kind: "redash", evidence: "GET /ping says PONG, and /login names Redash." } : null;
};

/** The one method of Tableau's REST API that needs no sign-in (rest_api_ref_server.htm). */
const tableau = async (get: Get): Promise<Detected | null> => {
  const info = await ok(get, "/api/3.4/serverinfo");
  const version =
    /productVersion[^>]*>([^<]*)</.exec(info)?.[1] ??
    textOf(within(parsed(info), "serverInfo", "productVersion", "value"));
  return version === null ? null : { kind: "tableau", evidence: `GET /api/3.4/serverinfo says Tableau ${version}.` };
};

const signs = [sample, metabase, grafana, superset, redash, tableau];
