/** What `doctor` tries, with the real parts. */
import { mkdir, rm, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { doubtful, type Examination, type Examined, fine } from "#actions/doctor.ts";
import { openBucket } from "#app/buckets.ts";
import type { Tools } from "#app.ts";
import { backupExaminationsOf } from "#cli/backup-examinations.ts";
import type { openLook } from "#cli/look.ts";
import type { Cli } from "#cli/verb.ts";
import { counted, sizeInWords } from "#cli/words.ts";
import type { ServerConfig } from "#config/config.ts";
import { mailboxOf } from "#model/address.ts";
import { msBetween, type Temporal } from "#model/time.ts";

type Look = ReturnType<typeof openLook>;
type Kept = Pick<Cli, "keep">;

/** What closes by itself in the end is only waited for when the command is stopped. */
const endsItself = (): Promise<void> => Promise.resolve();

const SLOW_MS = 90_000;
const QUICK_MS = 20_000;
/** Below this the next mornings' pictures may not fit. */
const LEAST_BYTES = 1_000_000_000;
const LARGEST_SKEW_MS = 30_000;

/** Every examination of a configuration, in the order in which they are told. */
export const examinationsOf = (tools: Tools, look: Look, cli: Kept): readonly Examination[] => [
  database(tools, cli),
  folder(tools),
  artifacts(tools),
  browser(tools, cli),
  ...tools.config.servers.map((server) => reportServer(server, tools, look)),
  ...[...tools.sources.keys()].map((name) => source(name, tools)),
  mail(tools),
  ...(tools.mailbox === null ? [] : [bounces(tools.mailbox, tools)]),
  ...backupExaminationsOf(tools),
];

const skewOf = (their: Temporal.Instant, tools: Tools): number => Math.abs(msBetween(their, tools.clock.now()));

const skewWords = (ms: number): string => `its clock is ${Math.round(ms / 1000)} s away from this machine's`;

const setTheClock = "let both machines set their clocks by NTP";

/** What to do about a database that is somebody else's. */
export const adoptIt = "to send from here from now on: daybreak adopt; to test with a copy: nothing";

const database = (tools: Tools, { keep }: Kept): Examination => ({
  about: "database",
  mend: "look at the setting database",
  limitMs: SLOW_MS,
  work: async () => {
    const state = await keep(tools.examineDatabase(), endsItself);
    if (state === null) return doubtful("it answered nothing", "look at the setting database");
    const { version, now, schema, refusal } = state;
    const whose = tools.config.database === null ? "the Postgres that Daybreak brings along" : "your own Postgres";
    if (Number.parseInt(version, 10) < OLDEST_POSTGRES) {
      return {
        grade: "fault",
        what: `${whose} is ${version}, which is too old`,
        mend: `use Postgres ${OLDEST_POSTGRES} or newer`,
      };
    }
    const skew = skewOf(now, tools);
    if (skew > LARGEST_SKEW_MS) return doubtful(skewWords(skew), setTheClock);
    if (refusal !== null) return doubtful(`${whose}, ${version}; ${refusal}`, adoptIt);
    return schemaExamined(schema, `${whose}, ${version}`);
  },
});

const OLDEST_POSTGRES = 14;

const schemaExamined = (schema: SchemaState, words: string): Examined => {
  switch (schema.is) {
    case "current":
      return fine(`${words}; schema ${schema.version}`);
    case "absent":
      return fine(`${words}; without a schema yet, which the first start makes`);
    case "older": {
      const what = `${words}; its schema is ${schema.version}, this Daybreak's is ${schema.newest}`;
      return { grade: "note", what, mend: "the next start brings it up to that, or: daybreak migrate" };
    }
    case "foreign":
      return { grade: "fault", what: `${words}; ${schema.fault.message}`, mend: schema.fault.hint };
  }
};

type SchemaState = NonNullable<Awaited<ReturnType<Tools["examineDatabase"]>>>["schema"];

const folder = ({ config }: Tools): Examination => ({
  about: "folder",
  mend: `let the user that runs Daybreak write into ${config.home} (setting home)`,
  limitMs: QUICK_MS,
  work: async () => {
    await mkdir(config.home, { recursive: true, mode: 0o700 });
    const probe = join(config.home, `.probe-${process.pid}`);
    await writeFile(probe, "", { mode: 0o600 });
    await rm(probe);
    const { bavail, bsize } = await statfs(config.home);
    const free = bavail * bsize;
    const words = `${config.home}, ${sizeInWords(free)} free`;
    return free < LEAST_BYTES ? doubtful(words, "make room, or move home to a larger disk") : fine(words);
  },
});

/** One is written, read and removed: who draws needs the first right, who sends the second, who plans the third. */
const artifacts = ({ config, artifacts: bucket }: Tools): Examination => ({
  about: "artifacts",
  mend: "look at artifacts.to",
  limitMs: QUICK_MS,
  work: async () => {
    const { place } = config.artifacts;
    const key = `probe-${process.pid}`;
    const bytes = new Uint8Array([1]);
    await bucket.put(key, bytes);
    const isKept = (await bucket.get(key))?.length === bytes.length;
    await bucket.remove(key);
    const words = place.kind === "folder" ? place.dir : `s3://${place.bucket}/${place.prefix}`;
    if (!isKept)
      return { grade: "fault", what: `${words} didn't give back what was put there`, mend: "look at artifacts.to" };
    if (await isVersioned(place)) {
      const what = `${words}; written, read and removed, but the bucket keeps versions: what is old or erased stays behind a marker`;
      return doubtful(what, "use a bucket without versions, or a rule of the bucket that ends old versions");
    }
    return fine(`${words}; written, read and removed`);
  },
});

const isVersioned = async (place: Tools["config"]["artifacts"]["place"]): Promise<boolean> => {
  const bucket = openBucket(place);
  try {
    return (await bucket.traits()).versioned === true;
  } finally {
    await bucket.close();
  }
};

const browser = (tools: Tools, { keep }: Kept): Examination => ({
  about: "browser",
  mend: "name a Chromium in browser.path",
  limitMs: SLOW_MS,
  work: async () => {
    const { path, kind, version, isSandboxed, missing } = await keep(tools.examineBrowser(), endsItself);
    const words = `${version} (${kind}: ${path})${isSandboxed ? "" : ", without its sandbox"}`;
    if (missing.length === 0) return fine(`${words}; emoji and CJK letters are drawn`);
    return doubtful(
      `${words}; no font draws ${missing.join(", ")}`,
      "npm install with optional dependencies, or install Noto fonts",
    );
  },
});

const reportServer = (server: ServerConfig, tools: Tools, look: Look): Examination => ({
  about: `server ${server.name}`,
  mend: `look at servers.${server.name}`,
  limitMs: SLOW_MS,
  work: async (signal) => {
    const { kind, evidence } = await tools.examineServer(server.url);
    const views = await look.views(server.name);
    const words = `${server.kind ?? kind} at ${server.url}; ${signInWords(server)}, it shows ${counted(views.length, "view")}`;
    if (server.kind !== null && server.kind !== kind && kind !== "web") {
      return doubtful(`${words}; but: ${evidence}`, `set servers.${server.name}.kind to ${kind}`);
    }
    const date = await dateOf(server.url, signal);
    const skew = date === null ? 0 : Math.abs(date - tools.clock.now().epochMilliseconds);
    return skew > LARGEST_SKEW_MS ? doubtful(`${words}; ${skewWords(skew)}`, setTheClock) : fine(words);
  },
});

const signInWords = ({ signIn }: ServerConfig): string => {
  switch (signIn.via) {
    case "none":
      return "without a sign-in";
    case "form":
      return `signed in as ${signIn.user}`;
    case "token":
      return "signed in by token";
  }
};

/** The server's own clock, from the header that every answer has. */
const dateOf = async (url: string, signal: AbortSignal): Promise<number | null> => {
  const response = await fetch(url, { redirect: "manual", signal });
  await response.body?.cancel();
  const date = Date.parse(response.headers.get("date") ?? "");
  return Number.isNaN(date) ? null : date;
};

const source = (name: string, { sources }: Tools): Examination => ({
  about: `source ${name}`,
  mend: `look at sources.${name}.url`,
  limitMs: QUICK_MS,
  work: async (signal): Promise<Examined> => {
    const rows = await sources
      .get(name)
      ?.query({ sql: "select current_setting('server_version') as version", parameters: {}, signal });
    return fine(`it answers (Postgres ${rows?.rows[0]?.["version"] ?? "unknown"})`);
  },
});

const mail = ({ mailer, config }: Tools): Examination => ({
  about: "mail",
  mend: "look at mail.via",
  limitMs: QUICK_MS,
  work: async (signal) => {
    await mailer.verify(signal);
    const { via } = config.mail;
    if (via.kind === "folder") {
      return doubtful(`mail goes into ${via.dir}, to nobody`, "set mail.via to your mail server when you go live");
    }
    const to = trialAddressOf(config);
    const from = returnPathIn(config) ?? mailboxOf(config.mail.from)?.email ?? config.mail.from;
    const words = await mailer.rehearse?.({ from, to }, signal);
    const where = via.kind === "smtp" ? via.url : via.kind;
    const taken =
      words === undefined ? `sender ${config.mail.from}` : `from ${from} to ${to} (${words}; nothing was sent)`;
    return fine(`${where} takes mail ${taken}`);
  },
});

/** Some servers let an account send from its own address only, so what is tried is what emails leave with. */
const returnPathIn = ({ mail: { bounces: back, via } }: Tools["config"]): string | null =>
  back === null || via.kind !== "smtp" ? null : back.address.replace(/(?=@[^@]*$)/, "+0");

const bounces = (mailbox: NonNullable<Tools["mailbox"]>, { config }: Tools): Examination => ({
  about: "bounces",
  mend: "look at mail.bounces",
  limitMs: QUICK_MS,
  work: async (signal) => {
    const emails = await mailbox.count(signal);
    const { url, folder: name = "" } = config.mail.bounces ?? { url: "" };
    return fine(`${name} at ${url} holds ${counted(emails, "email")}; none was read`);
  },
});

/** An address that mail goes to anyway: an operator's, else a report's owner, else the sender's own. */
const trialAddressOf = ({ alerts, reports, mail: { from } }: Tools["config"]): string => {
  const owner = reports.map((report) => report.owner).find((one) => one !== null);
  return alerts.email[0] ?? owner ?? mailboxOf(from)?.email ?? from;
};
