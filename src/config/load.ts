import { readFileSync } from "node:fs";
import { availableParallelism, hostname } from "node:os";
import { dirname, resolve } from "node:path";
import type { Config, Limits, MailConfig } from "#config/config.ts";
import { type Document, type Path, readDocument } from "#config/document.ts";
import { browserVariables, commandVariables, environmentOf, type Found } from "#config/environment.ts";
import { judge } from "#config/judge.ts";
import { type Finding, faultOf, type Mistake, mistakeOf } from "#config/mistakes.ts";
import { alertsOf } from "#config/resolve/alerts.ts";
import { artifactsOf, backupsOf } from "#config/resolve/backups.ts";
import { reportsOf } from "#config/resolve/bundles.ts";
import type { Checks, Context, Machine } from "#config/resolve/context.ts";
import { keepOf } from "#config/resolve/keep.ts";
import { calendarsOf, databaseOf, mailOf, sourcesOf } from "#config/resolve/places.ts";
import { serversOf } from "#config/resolve/servers.ts";
import { templatesOf } from "#config/resolve/templates.ts";
import { Fault, wordsOf } from "#model/fault.ts";

/** What a configuration is loaded from. */
export interface LoadOptions extends Checks {
  /** Path of the file, from `cwd`. */
  readonly file: string;
  /** Default: `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Default: the current folder. */
  readonly cwd?: string;
  /** Default: what this machine says. */
  readonly machine?: Machine;
}

/** A configuration with where its settings came from: what `explain` shows. */
export interface Loaded {
  readonly config: Config;
  readonly document: Document;
  /** Settings that came from a variable. */
  readonly used: readonly { readonly path: Path; readonly found: Found }[];
  readonly secrets: readonly string[];
}

const thisMachine = (): Machine => ({
  zone: new Intl.DateTimeFormat().resolvedOptions().timeZone,
  cores: availableParallelism(),
  host: hostname(),
});

const readText = (file: string): string => {
  try {
    const bytes = readFileSync(file);
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    const isMissing = (cause as NodeJS.ErrnoException).code === "ENOENT";
    const isText = cause instanceof TypeError;
    const words = isText ? "isn't a text file in UTF-8" : wordsOf(cause);
    throw new Fault("config.unreadable", isMissing ? `There is no ${file}.` : `${file} can't be read: ${words}.`, {
      hint: isMissing
        ? "Make one with “daybreak init”, or name another with --config."
        : "Save it as UTF-8, readable for the user that runs Daybreak.",
      cause,
    });
  }
};

const limitsOf = ({ written, machine }: Context): Limits => ({
  ...written.limits,
  browsers: written.limits.browsers ?? machine.cores,
  emailsPerMinute: written.limits.emailsPerMinute ?? null,
});

/** Never used: with a mistake noted there is a fault instead of a configuration. */
const noMail: MailConfig = {
  via: { kind: "folder", dir: "" },
  from: "",
  replyTo: null,
  sizeBudgetBytes: 0,
  linkBase: null,
  onlyTo: null,
  redirectTo: null,
  whenUncertain: "ask",
  sendgrid: { groups: {}, group: null, webhookKey: null },
  bounces: null,
};

const resolveAll = async (file: string, context: Context): Promise<Config> => {
  const { written, dir, home, machine } = context;
  return {
    file,
    dir,
    home,
    templates: templatesOf(context),
    database: databaseOf(context),
    zone: written.zone ?? machine.zone,
    locale: written.locale,
    servers: serversOf(context),
    sources: sourcesOf(context),
    mail: mailOf(context) ?? noMail,
    calendars: await calendarsOf(context),
    alerts: alertsOf(context),
    limits: limitsOf(context),
    http: written.http.port === undefined ? null : { port: written.http.port, host: written.http.host },
    browser: { path: written.browser.path ?? null, sandbox: written.browser.sandbox, environment: {} },
    reports: reportsOf(context),
    artifacts: artifactsOf(context),
    keep: keepOf(context),
    backups: backupsOf(context),
    backupIdentity: context.environment.find("DAYBREAK_BACKUP_IDENTITY")?.value ?? null,
    host: context.environment.find("DAYBREAK_HOST")?.value ?? machine.host ?? "",
    environment: {},
    haltAt: context.environment.find("DAYBREAK_HALT_AT")?.value ?? null,
  };
};

const isWithin = (path: Path, above: Path): boolean => above.every((step, depth) => path[depth] === step);

/** What the resolving found, less what only follows from what the schema had found already, at the same place, above or inside it. */
const newFindings = (found: readonly Finding[], known: readonly Path[]): readonly Finding[] =>
  found.filter(({ path, part }) => {
    const follows = known.some((wrong) => isWithin(path, wrong) || (part === "key" && isWithin(wrong, path)));
    return !follows || (path.length === 0 && !known.some((wrong) => wrong.length === 0));
  });

const inOrder = (a: Mistake, b: Mistake): number => a.line - b.line || a.column - b.column;

const mistakesOf = (
  findings: readonly Finding[],
  document: Document,
  secrets: readonly string[],
): readonly Mistake[] => {
  const mistakes = findings.map((finding) => mistakeOf(finding, { document, secrets }));
  const unique = new Map(mistakes.map((mistake) => [`${mistake.key} ${mistake.what}`, mistake]));
  return [...unique.values()].sort(inOrder);
};

/** Loads a configuration and keeps where it came from; throws one `config.invalid` that names every mistake. */
export const loadWithOrigins = async (options: LoadOptions): Promise<Loaded> => {
  const { cwd = process.cwd(), env = process.env, machine = thisMachine() } = options;
  const file = resolve(cwd, options.file);
  const dir = dirname(file);
  const document = readDocument(options.file, readText(file));
  const environment = environmentOf(env, dir);
  const { written, findings: judged, meant } = judge(document);
  const resolved: Finding[] = [];
  const used: { path: Path; found: Found }[] = [];
  const context: Context = {
    written,
    document,
    environment,
    dir,
    home: resolve(dir, written.home),
    machine,
    checks: options,
    note: (path, message, part = "value") => resolved.push({ path, message, part }),
    used: (path, found) => used.push({ path, found }),
  };
  const settings = await resolveAll(file, context);
  const browser = { ...settings.browser, environment: browserVariables(env) };
  const config = { ...settings, browser, environment: commandVariables(env) };
  for (const message of environment.mistakes)
    resolved.push({ path: [], message: `${message}; correct the path, or unset the variable`, part: "key" });
  const known = [...judged.map(({ path }) => path), ...meant];
  const findings = [...judged, ...newFindings(resolved, known)];
  const secrets = environment.given;
  if (findings.length > 0) throw faultOf(options.file, mistakesOf(findings, document, secrets));
  return { config, document, used, secrets };
};

/** File, `.env` and environment → configuration. Throws `config.unreadable`, or one `config.invalid` with every mistake in it. */
export const loadConfig = async (options: LoadOptions): Promise<Config> => (await loadWithOrigins(options)).config;
