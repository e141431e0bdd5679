import { createHash, randomBytes } from "node:crypto";
import { mkdir, open, readFile, realpath, rename, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import type { Config } from "#config/config.ts";
import { Fault } from "#model/fault.ts";
import type { Clock } from "#runtime/clock.ts";
import {
  adoptInstallation,
  claimInstallation,
  clusterOf,
  type InstallationRow,
  isUsed,
  lockInstallation,
  readInstallation,
} from "#store/installation.ts";
import { type Pool, type Session, transaction } from "#store/pool.ts";

/** Whether the database is this installation's own, as the file beside the configuration says. */
export interface Installation {
  /** The id while the database is ours; `null`: no live email may leave. */
  id(): string | null;
  /** Why no live email leaves, in a sentence; `null`: it may. */
  refusal(): string | null;
  /** The database is another installation's, and where that one has it: no copy that we might do with as we like. */
  isGuest(): boolean;
  /** Looks again: a database may be restored under a process that runs. */
  look(): Promise<void>;
}

interface Parts {
  readonly config: Pick<Config, "home" | "database">;
  readonly pool: Pool;
  readonly clock: Clock;
}

/** What lies in `<home>/installation`: the id, and where it was written, since a copied folder brings the embedded database along. */
interface Mark {
  readonly id: string;
  readonly place: string;
}

type Found = { readonly id: string } | { readonly refusal: string; readonly isGuest: boolean };

/** Looks whose database this is, and claims one that nobody has claimed yet. */
export const openInstallation = async (parts: Parts): Promise<Installation> => {
  let found: Found = await examine(parts);
  return {
    id: () => ("id" in found ? found.id : null),
    refusal: () => ("refusal" in found ? found.refusal : null),
    isGuest: () => "refusal" in found && found.isGuest,
    look: async () => {
      found = await examine(parts);
    },
  };
};

/** Why no live email would leave here, in a sentence; `null`: they may. Claims nothing. */
export const refusalOf = async (parts: Omit<Parts, "clock">): Promise<string | null> => {
  const judged = await judge(await readInstallation(parts.pool), parts.pool, parts);
  return judged !== "unclaimed" && "refusal" in judged ? judged.refusal : null;
};

const examine = async (parts: Parts): Promise<Found> => {
  const row = await readInstallation(parts.pool);
  const judged = await judge(row, parts.pool, parts);
  if (judged !== "unclaimed") return judged;
  return transaction(parts.pool, async (db) => {
    // Somebody may have claimed it while we waited for the lock, from this folder or another.
    const again = await judge(await lockInstallation(db), db, parts);
    if (again !== "unclaimed") return again;
    await writeMark(parts.config, row.id);
    await claimInstallation(db, await adoptionOf(db, parts));
    return { id: row.id };
  });
};

const judge = async (
  row: InstallationRow,
  db: Session | Pool,
  { config }: Pick<Parts, "config">,
): Promise<Found | "unclaimed"> => {
  const mark = await readMark(config);
  const cluster = await clusterOf(db);
  if (row.adoptedAt === null)
    return mark === null || mark.id === row.id || !(await isUsed(db)) ? "unclaimed" : other(row, cluster);
  if (mark === null || mark.id !== row.id) return other(row, cluster);
  if (!isSame(row.cluster, cluster)) return copied("the database was copied or restored");
  if (config.database === null && !isSame(mark.place, await placeOf(config)))
    return copied("the folder with the database was copied, moved or restored");
  return { id: row.id };
};

const other = ({ adoptedBy, adoptedAt, cluster: kept }: InstallationRow, cluster: string): Found => {
  const whose = adoptedAt === null ? "" : ` (${adoptedBy ?? "somebody"}, ${adoptedAt.toString().slice(0, 10)})`;
  // Only a server that has named itself, then and now, shows that this isn't a copy.
  const isGuest = kept === cluster && !cluster.includes("?");
  return { refusal: `No live email leaves: this database belongs to another installation${whose}.`, isGuest };
};

const copied = (what: string): Found => ({
  refusal: `No live email leaves: ${what} since it was adopted.`,
  isGuest: false,
});

/**
 * Whether this configuration may become the database's. One that names another installation's database, by mistake or because its folder
 * is new, would end that one's reports without a word; a daemon goes on without, and an alert tells.
 */
export const mayPublish = (installation: Pick<Installation, "refusal" | "isGuest">, isDaemon: boolean): boolean => {
  if (!installation.isGuest()) return true;
  if (isDaemon) return false;
  throw new Fault("send.foreign", installation.refusal() ?? "", {
    hint: "a further machine of it: daybreak adopt --join; its successor: daybreak adopt; by mistake: name another database",
  });
};

/** Parts that couldn't be found out, then or now, speak neither for nor against it. */
const isSame = (kept: string | null, now: string): boolean => {
  if (kept === null) return true;
  const parts = now.split("/");
  return kept.split("/").every((part, at) => part === "?" || parts[at] === "?" || part === parts[at]);
};

const adoptionOf = async (db: Session, { clock }: Parts) => ({
  now: clock.now(),
  by: hostname(),
  cluster: await clusterOf(db),
});

/** Makes the database this installation's own under a new id: whoever had it before refuses from now on. */
export const adoptDatabase = (parts: Parts, by: string): Promise<string> =>
  transaction(parts.pool, async (db) => {
    await lockInstallation(db);
    const id = await adoptInstallation(db, { ...(await adoptionOf(db, parts)), by: `${by} on ${hostname()}` });
    await writeMark(parts.config, id);
    return id;
  });

/** Makes this folder a further one of the installation that the database belongs to: a second machine that shares the work. */
export const joinInstallation = async (parts: Parts): Promise<string> => {
  const { id } = await readInstallation(parts.pool);
  await writeMark(parts.config, id);
  return id;
};

const fileOf = ({ home }: Pick<Config, "home">): string => join(home, "installation");

const readMark = async (config: Pick<Config, "home">): Promise<Mark | null> => {
  try {
    const [id = "", place = "?"] = (await readFile(fileOf(config), "utf8")).trim().split("\n");
    return { id: id.trim(), place: place.trim() };
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return null;
    throw cause;
  }
};

const writeMark = async (config: Pick<Config, "home">, id: string): Promise<void> => {
  await mkdir(config.home, { recursive: true, mode: 0o700 });
  const draft = `${fileOf(config)}.${randomBytes(6).toString("hex")}`;
  try {
    const handle = await open(draft, "wx", 0o600);
    try {
      await handle.writeFile(`${id}\n${await placeOf(config)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, fileOf(config));
  } catch (cause) {
    await rm(draft, { force: true });
    throw cause;
  }
};

/** This machine and the folder's real path, as short names. A container often has no identity of its own: then only the path counts. */
const placeOf = async ({ home }: Pick<Config, "home">): Promise<string> => {
  const machine = (await readFile("/etc/machine-id", "utf8").catch(() => "")).trim();
  const path = await realpath(home).catch(() => home);
  return `${machine === "" ? "?" : short(machine)}/${short(path)}`;
};

const short = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 16);
