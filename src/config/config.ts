import type { Backup, BackupPlace } from "#model/backup.ts";
import type { ReadySign, Report } from "#model/report.ts";

/** A form of sign-in with its secrets, as report servers take it. */
export type SignIn =
  | { readonly via: "none" }
  | {
      readonly via: "form";
      readonly user: string;
      readonly password: string;
      readonly form: {
        readonly path: string;
        readonly user: string;
        readonly password: string;
        readonly submit: string;
      } | null;
    }
  | { readonly via: "token"; readonly header: string; readonly value: string };

export type ServerKind = "sample" | "web" | "tableau" | "superset" | "metabase" | "grafana" | "redash";

/** A report server's settings; those of `render/port.ts` once its kind is known, see `settingsOf`. */
export interface ServerConfig {
  readonly name: string;
  /** `null`: to be found out by asking the server. */
  readonly kind: ServerKind | null;
  readonly url: string;
  readonly hosts: readonly string[];
  readonly signIn: SignIn;
  readonly web: {
    readonly viewUrl: string;
    readonly csvUrl: string | null;
    readonly filterStyle: "repeat" | "comma" | "json";
    readonly filterPrefix: string;
  } | null;
  readonly ready: ReadySign | null;
  readonly tileSelector: string | null;
  readonly dashboardSelector: string | null;
  readonly concurrency: number;
}

/** A database that facts, probes and lists of people ask. */
export interface SourceConfig {
  readonly name: string;
  readonly url: string;
  readonly statementTimeoutMs: number;
  readonly rowLimit: number;
}

/** How emails leave: as files, by SendGrid, or by smtp. The address holds neither user nor password. */
export type MailVia =
  | { readonly kind: "folder"; readonly dir: string }
  | { readonly kind: "sendgrid"; readonly url: string; readonly apiKey: string; readonly sandbox: boolean }
  | {
      readonly kind: "smtp";
      readonly url: string;
      readonly user: string | null;
      readonly password: string | null;
      /** In place of a password; `null` without. */
      readonly oauth2: OAuth2 | null;
    };

/** What an OAuth 2 sign-in to a mail server needs; all of it from the environment. */
export interface OAuth2 {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly refreshToken: string;
  readonly tokenUrl: string;
}

/** What is said about SendGrid beside how it is reached. */
export interface SendGridConfig {
  /** Suppression groups by report. */
  readonly groups: Readonly<Record<string, number>>;
  /** The group of all other reports; `null`: none. */
  readonly group: number | null;
  /** Base64 of the public key by which its events are signed; `null`: none are taken. */
  readonly webhookKey: string | null;
}

/** The mailbox of what comes back as undeliverable. */
export interface BounceConfig {
  readonly address: string;
  /** `imaps://host:993`, without user and password. */
  readonly url: string;
  readonly user: string;
  readonly password: string;
  readonly folder: string;
  readonly done: string;
  readonly everyMs: number;
}

export interface MailConfig {
  readonly via: MailVia;
  readonly from: string;
  readonly replyTo: string | null;
  readonly sizeBudgetBytes: number;
  readonly linkBase: string | null;
  /** For a staging place: addresses and domains that mail may leave for; `null`: any. */
  readonly onlyTo: readonly string[] | null;
  /** For a staging place: the one mailbox that gets all mail; `null`: its own recipients. */
  readonly redirectTo: string | null;
  /** What happens to an email that may have been sent. */
  readonly whenUncertain: "ask" | "resend";
  readonly sendgrid: SendGridConfig;
  readonly bounces: BounceConfig | null;
}

/** Who is told of trouble, and how; durations in milliseconds. */
export interface AlertsConfig {
  readonly email: readonly string[];
  readonly webhook: { readonly url: string; readonly secret: string | null } | null;
  readonly slack: string | null;
  readonly pagerduty: { readonly key: string; readonly url: string } | null;
  readonly ping: string | null;
  readonly heartbeat: { readonly url: string; readonly everyMs: number } | null;
  readonly lateAfterMs: number;
}

/** A calendar of free days, as `schedule/calendar.ts` reads it. */
export interface CalendarConfig {
  readonly country: string | null;
  readonly region: string | null;
  readonly days: Readonly<Record<string, string>>;
  readonly except: readonly string[];
}

/** What bounds the work; durations in milliseconds, memory in megabytes. */
export interface Limits {
  readonly browsers: number;
  readonly senders: number;
  readonly openTimeoutMs: number;
  readonly signInTimeoutMs: number;
  readonly settleTimeoutMs: number;
  readonly captureTimeoutMs: number;
  readonly exportTimeoutMs: number;
  readonly renderAttempts: number;
  readonly recycleAfterRenders: number;
  readonly recycleAboveMb: number;
  readonly probeTimeoutMs: number;
  readonly sendLimitMs: number;
  readonly sendAttempts: number;
  readonly sweepEveryMs: number;
  readonly leaseMs: number;
  /** Workers that may end over one piece of work before it is given up. */
  readonly takeovers: number;
  readonly writeTimeoutMs: number;
  /** Of all processes together; `null`: unbounded. */
  readonly emailsPerMinute: number | null;
  readonly stopTimeoutMs: number;
}

/** Where drawn pictures and files lie; `shared`: all machines of the installation see the same. */
export interface ArtifactsConfig {
  readonly place: BackupPlace;
  readonly shared: boolean;
}

/** How long what Daybreak has is kept, in milliseconds; `null`: for ever. */
export interface KeepConfig {
  readonly artifactsMs: number | null;
  readonly messagesMs: number | null;
  readonly deliveriesMs: number | null;
  readonly auditMs: number | null;
}

/** The configuration, fully resolved. It holds secrets: it is never logged or stored; only its reports are. */
export interface Config {
  /** Absolute path of the file, and of its folder, which relative paths start from. */
  readonly file: string;
  readonly dir: string;
  /** Absolute path of the folder for what Daybreak keeps. */
  readonly home: string;
  /** Absolute path of the folder of own mail templates; `null`: none but those that come along. */
  readonly templates: string | null;
  /** `null`: the Postgres that Daybreak brings along. */
  readonly database: string | null;
  readonly zone: string;
  readonly locale: string;
  readonly servers: readonly ServerConfig[];
  readonly sources: readonly SourceConfig[];
  readonly mail: MailConfig;
  readonly calendars: Readonly<Record<string, CalendarConfig>>;
  readonly alerts: AlertsConfig;
  readonly limits: Limits;
  /** Where a daemon answers over HTTP; `null`: nowhere. */
  readonly http: { readonly port: number; readonly host: string } | null;
  readonly browser: {
    readonly path: string | null;
    readonly sandbox: "auto" | "on" | "off";
    /** What of this process's environment the browser may know: the search path and the proxy. */
    readonly environment: Readonly<Record<string, string>>;
  };
  /** Leaders of bundles carry the other reports in `bundled`. */
  readonly reports: readonly Report[];
  readonly artifacts: ArtifactsConfig;
  readonly keep: KeepConfig;
  readonly backups: readonly Backup[];
  /** The private key of age for rehearsals and restores, as text; `null`: none is here. */
  readonly backupIdentity: string | null;
  /** This machine's name, as `host` of a backup has it. */
  readonly host: string;
  /** What commands of backups are given of this process's environment: none of our own secrets. */
  readonly environment: Readonly<Record<string, string>>;
  /** A point at which this process halts, for tests that end it there (`DAYBREAK_HALT_AT`); `null`: none. */
  readonly haltAt: string | null;
}
