import { resolve } from "node:path";
import type { CalendarConfig, MailConfig, MailVia, OAuth2, SourceConfig } from "#config/config.ts";
import type { Path } from "#config/document.ts";
import type { Context } from "#config/resolve/context.ts";
import { bouncesOf, sendGridOf, sendGridSettings } from "#config/resolve/mail.ts";
import { expand } from "#config/resolve/reference.ts";
import { Fault } from "#model/fault.ts";

const isPostgres = (url: string): boolean => /^postgres(ql)?:\/\//i.test(url) && URL.canParse(url);

const postgresAddress = (text: string, path: Path, context: Context): string | null => {
  const url = expand(text, path, context);
  if (url === null || isPostgres(url)) return url;
  context.note(
    path,
    "must be the address of a Postgres database; write one such as postgres://daybreak@db.example.com/name",
  );
  return null;
};

/** The databases of `sources`; one with a mistake is left out. */
export const sourcesOf = (context: Context): readonly SourceConfig[] =>
  Object.entries(context.written.sources).flatMap(([name, { url: text, statementTimeoutMs, rowLimit }]) => {
    const path = ["sources", name, "url"];
    if (text === undefined) {
      context.note(
        path,
        `is missing; write the database's address by a variable: \${${name.toUpperCase().replaceAll(/\W/g, "_")}_URL}`,
        "missing",
      );
      return [];
    }
    const url = postgresAddress(text, path, context);
    return url === null ? [] : [{ name, url, statementTimeoutMs, rowLimit }];
  });

/** Daybreak's own database; `null`: the one that it brings along. */
export const databaseOf = (context: Context): string | null => {
  const { written, environment } = context;
  if (written.database !== undefined) return postgresAddress(written.database, ["database"], context);
  const found = environment.find("DATABASE_URL");
  if (found === null) return null;
  context.used(["database"], found);
  if (isPostgres(found.value)) return found.value;
  context.note(
    ["database"],
    "comes from DATABASE_URL, which is no address of a Postgres database; correct or unset it",
    "missing",
  );
  return null;
};

const viaPath: Path = ["mail", "via"];

/** A user or password of an address as it was meant; one with a stray % is taken as it stands. */
const decoded = (part: string): string => {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
};

const credential = (what: "USER" | "PASSWORD", inUrl: string, context: Context): string | null => {
  if (inUrl !== "") return decoded(inUrl);
  const found = context.environment.find(`DAYBREAK_MAIL_${what}`);
  if (found !== null) context.used(["mail", what.toLowerCase()], found);
  return found?.value ?? null;
};

const oauth2Names = {
  clientId: "DAYBREAK_MAIL_OAUTH2_CLIENT_ID",
  clientSecret: "DAYBREAK_MAIL_OAUTH2_CLIENT_SECRET",
  refreshToken: "DAYBREAK_MAIL_OAUTH2_REFRESH_TOKEN",
  tokenUrl: "DAYBREAK_MAIL_OAUTH2_TOKEN_URL",
} as const;

/** OAuth 2 in place of a password, as soon as one of its variables is set; then all four must be. */
const oauth2Of = (context: Context): OAuth2 | null => {
  const found = Object.entries(oauth2Names).map(([key, name]) => [key, context.environment.find(name)] as const);
  if (found.every(([, one]) => one === null)) return null;
  const missing = Object.values(oauth2Names).filter((_, at) => found[at]?.[1] === null);
  for (const [key, one] of found) if (one !== null) context.used(["mail", "oauth2", key], one);
  if (missing.length > 0)
    context.note(viaPath, `signs in by OAuth 2, for which ${missing.join(" and ")} must be set too`);
  const value = (key: keyof typeof oauth2Names) => found.find(([name]) => name === key)?.[1]?.value ?? "";
  return {
    clientId: value("clientId"),
    clientSecret: value("clientSecret"),
    refreshToken: value("refreshToken"),
    tokenUrl: value("tokenUrl"),
  };
};

const smtpOf = (expanded: string, context: Context): MailVia | null => {
  const url = URL.canParse(expanded) ? new URL(expanded) : null;
  if (url === null || url.hostname === "") {
    context.note(viaPath, "can't be read as an smtp address; write one such as smtp://mail.example.com:587");
    return null;
  }
  const user = credential("USER", url.username, context);
  const password = credential("PASSWORD", url.password, context);
  const oauth2 = oauth2Of(context);
  if (user !== null && password === null && oauth2 === null) {
    context.note(viaPath, "names a user without a password; set DAYBREAK_MAIL_PASSWORD in the environment or in .env");
  }
  if (user === null && password !== null) {
    context.note(viaPath, "has a password but no user; write smtp://user@host, or set DAYBREAK_MAIL_USER");
  }
  url.username = "";
  url.password = "";
  return { kind: "smtp", url: url.href, user, password, oauth2 };
};

const viaOf = (context: Context): MailVia | null => {
  const { via: text = "outbox" } = context.written.mail;
  if (text === "outbox") return { kind: "folder", dir: resolve(context.home, "outbox") };
  const folder = /^folder:(.+)$/.exec(text)?.[1];
  if (folder !== undefined) return { kind: "folder", dir: resolve(context.dir, folder.trim()) };
  if (text === "sendgrid") return sendGridOf(context);
  const expanded = expand(text, viaPath, context);
  if (expanded === null) return null;
  if (/^smtps?:\/\//i.test(expanded)) return smtpOf(expanded, context);
  context.note(viaPath, "must say how emails leave; write smtp://host, smtps://host, sendgrid, outbox or folder:PATH");
  return null;
};

/** What the sender is called when emails only become files. */
const OUTBOX_SENDER = "Daybreak <daybreak@localhost>";

/** How emails leave, or `null` with a mistake noted. */
export const mailOf = (context: Context): MailConfig | null => {
  const { from, replyTo, sizeBudget, linkBase, onlyTo, redirectTo } = context.written.mail;
  const via = viaOf(context);
  if (via !== null && via.kind !== "folder" && from === undefined) {
    context.note(
      ["mail", "from"],
      'is missing; write who the emails are from, such as "BI Team <bi@example.com>"',
      "missing",
    );
  }
  if (via === null) return null;
  return {
    via,
    from: from ?? OUTBOX_SENDER,
    replyTo: replyTo ?? null,
    sizeBudgetBytes: sizeBudget,
    linkBase: linkBase?.replace(/\/+$/, "") ?? null,
    onlyTo: onlyTo?.map((one) => one.toLowerCase()) ?? null,
    redirectTo: redirectTo ?? null,
    whenUncertain: context.written.mail.whenUncertain,
    sendgrid: sendGridSettings(context),
    bounces: bouncesOf(context),
  };
};

const judgeCalendar = async (path: Path, calendar: CalendarConfig, { checks, note }: Context): Promise<void> => {
  try {
    await checks.checkCalendar?.(calendar);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    note(path, `${error.message.replace(/\.$/, "")}; ${error.hint}`, "key");
  }
};

/** The calendars by name, each judged by the one who reads them. */
export const calendarsOf = async (context: Context): Promise<Readonly<Record<string, CalendarConfig>>> => {
  const calendars: [string, CalendarConfig][] = [];
  for (const [name, { country, region, days = {}, except = [] }] of Object.entries(context.written.calendars)) {
    const path = ["calendars", name];
    const own = Array.isArray(days) ? Object.fromEntries(days.map((day) => [day, "day off"])) : days;
    const calendar = { country: country ?? null, region: region ?? null, days: own, except };
    if (country === undefined && region !== undefined)
      context.note([...path, "region"], "needs its country; write country: DE");
    await judgeCalendar(path, calendar, context);
    calendars.push([name, calendar]);
  }
  return Object.fromEntries(calendars);
};
