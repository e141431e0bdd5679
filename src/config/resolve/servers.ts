import type { ServerConfig, ServerKind, SignIn } from "#config/config.ts";
import type { Path } from "#config/document.ts";
import { type Found, variableOf } from "#config/environment.ts";
import { type Context, declared } from "#config/resolve/context.ts";
import { expand } from "#config/resolve/reference.ts";
import { readySignOf } from "#config/resolve/sign.ts";
import type { WrittenServer } from "#config/schema.ts";

/** One server as it is written, with its place in the file. */
interface Entry {
  readonly name: string;
  readonly path: Path;
  readonly server: WrittenServer;
  /** The only server also answers to the variables without a name in them. */
  readonly isOnly: boolean;
}

const entriesOf = ({ written, note }: Context): readonly Entry[] => {
  const { server: short, servers = {} } = written;
  const one = typeof short === "string" ? { url: short, signIn: {}, concurrency: 4 } : short;
  if (one !== undefined && servers.main !== undefined) {
    note(["server"], "is short for servers.main, which is there too; keep one of them", "key");
  }
  const named: readonly (readonly [string, Path, WrittenServer])[] = [
    ...(one === undefined ? [] : [["main", ["server"], one] as const]),
    ...Object.entries(servers).map(([name, server]) => [name, ["servers", name], server] as const),
  ];
  return named.map(([name, path, server]) => ({ name, path, server, isOnly: named.length === 1 }));
};

/** `url` is the path of the setting: for `server: https://…` the key itself. */
const urlPath = ({ path }: Entry, { written }: Context): Path =>
  path[0] === "server" && typeof written.server === "string" ? path : [...path, "url"];

const addressOf = (entry: Entry, context: Context): URL | null => {
  const path = urlPath(entry, context);
  const { url: text } = entry.server;
  if (text === undefined) {
    context.note(path, "is missing; write the server's address, such as https://bi.example.com", "missing");
    return null;
  }
  const expanded = expand(text, path, context);
  if (expanded === null) return null;
  const url = /^https?:\/\//i.test(expanded) && URL.canParse(expanded) ? new URL(expanded) : null;
  if (url === null) context.note(path, "must be a web address; write it whole, such as https://bi.example.com");
  if (url === null || url.username === "") return url;
  context.note(path, "holds a user; write it as signIn.user, or set DAYBREAK_USER, and leave it out of the address");
  return null;
};

const hostsOf = ({ path, server }: Entry, url: URL, { note }: Context): readonly string[] => {
  for (const [place, host] of (server.hosts ?? []).entries()) {
    if (/^[^\s/:@]+(:\d{1,5})?$/.test(host)) continue;
    note([...path, "hosts", place], "must be a host's name, with a port or without; leave out https:// and any path");
  }
  return [...new Set([url.host, ...(server.hosts ?? []).map((host) => host.toLowerCase())])];
};

const variables = ({ name, isOnly }: Entry, what: string): readonly string[] =>
  isOnly ? [variableOf(name, what), `DAYBREAK_${what}`] : [variableOf(name, what)];

const secretOf = (entry: Entry, what: "USER" | "PASSWORD" | "TOKEN", context: Context): string | null => {
  const found = variables(entry, what)
    .map((name) => context.environment.find(name))
    .find((each): each is Found => each !== null);
  if (found === undefined) return null;
  context.used([...entry.path, "signIn", what.toLowerCase()], found);
  return found.value;
};

/** The name to set: the short one where it is enough. */
const nameFor = (entry: Entry, what: string): string => variables(entry, what).at(-1) ?? "";

/** Where a token stands, by the kind's documentation; every other kind takes a bearer token. */
const tokenHeaders: Partial<Record<ServerKind, readonly [header: string, before: string]>> = {
  metabase: ["X-API-Key", ""],
  redash: ["Authorization", "Key "],
};

const signInByToken = (entry: Entry, token: string | null, context: Context): SignIn => {
  const { kind, signIn } = entry.server;
  const [usual, before] = (kind === undefined ? undefined : tokenHeaders[kind]) ?? ["Authorization", "Bearer "];
  const header = signIn.header ?? usual;
  if (token === null) {
    const message = `signs in by token, but there is none; set ${nameFor(entry, "TOKEN")} in the environment or in .env`;
    context.note([...entry.path, "signIn"], message, "key");
    return { via: "none" };
  }
  const isWhole = header.toLowerCase() !== usual.toLowerCase() || token.includes(" ");
  return { via: "token", header, value: isWhole ? token : `${before}${token}` };
};

const signInByForm = (
  entry: Entry,
  { user, password }: { readonly user: string | null; readonly password: string | null },
  context: Context,
): SignIn => {
  const missing = [...(user === null ? ["USER"] : []), ...(password === null ? ["PASSWORD"] : [])];
  if (user !== null && password !== null)
    return { via: "form", user, password, form: entry.server.signIn.form ?? null };
  const names = missing.map((what) => nameFor(entry, what)).join(" and ");
  context.note(
    [...entry.path, "signIn"],
    `signs in with a form, but not everything is there; set ${names} in the environment or in .env`,
    "key",
  );
  return { via: "none" };
};

const signInOf = (entry: Entry, context: Context): SignIn => {
  const token = secretOf(entry, "TOKEN", context);
  const user = secretOf(entry, "USER", context) ?? entry.server.signIn.user ?? null;
  const password = secretOf(entry, "PASSWORD", context);
  const found = user === null && password === null ? "none" : "form";
  const via = entry.server.signIn.via ?? (token === null ? found : "token");
  switch (via) {
    case "none":
      return { via: "none" };
    case "token":
      return signInByToken(entry, token, context);
    case "form":
      return signInByForm(entry, { user, password }, context);
  }
};

const webOf = ({ server }: Entry): ServerConfig["web"] =>
  server.web === undefined ? null : { ...server.web, csvUrl: server.web.csvUrl ?? null };

const serverOf = (entry: Entry, context: Context): ServerConfig | null => {
  const { name, path, server } = entry;
  const address = addressOf(entry, context);
  const signIn = signInOf(entry, context);
  const ready = readySignOf(server.ready, [...path, "ready"], context);
  if (address === null) return null;
  const url = `${address.origin}${address.pathname}`.replace(/\/+$/, "");
  return {
    name,
    kind: server.kind ?? null,
    url,
    hosts: hostsOf(entry, address, context),
    signIn,
    web: webOf(entry),
    ready,
    tileSelector: server.tileSelector ?? null,
    dashboardSelector: server.dashboardSelector ?? null,
    concurrency: server.concurrency,
  };
};

const judgeNames = (entries: readonly Entry[], { note }: Context): void => {
  const seen = new Map<string, string>();
  for (const { name, path } of entries) {
    const variable = variableOf(name, "USER");
    const other = seen.get(variable);
    if (name === "mail")
      note(path, "is no name for a server; its variables would be those of the mail, choose another", "key");
    if (other !== undefined) note(path, `has the same variables as “${other}”; choose another name`, "key");
    if (!/^[\x20-\x7E]+$/.test(name))
      note(path, "is no name for a server; use plain letters, since variables are named after it", "key");
    seen.set(variable, name);
  }
};

/** The report servers, with their sign-ins; mistakes are noted and their servers left out. */
export const serversOf = (context: Context): readonly ServerConfig[] => {
  const entries = entriesOf(context);
  // The machine that makes a backup may know of nothing else.
  const isForBackups = declared(context, "backups").length > 0 && declared(context, "reports").length === 0;
  if (entries.length === 0 && !isForBackups) {
    context.note(
      ["server"],
      "is missing; write the address of your report server, such as https://bi.example.com",
      "missing",
    );
  }
  judgeNames(entries, context);
  return entries.map((entry) => serverOf(entry, context)).filter((server) => server !== null);
};
