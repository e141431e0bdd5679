import type { Temporal } from "#model/time.ts";
import { as, at, type Db, instantOrNull, number, one, type Row, text, textOrNull } from "#store/db.ts";

/** Every statement about whose database this is; a test prepares each. */
export const statements = {
  read: "select id, adopted_at, adopted_by, cluster from installation",
  lock: "select id, adopted_at, adopted_by, cluster from installation for update",
  claim: "update installation set adopted_at = $1, adopted_by = $2, cluster = $3",
  adopt: "update installation set id = gen_random_uuid(), adopted_at = $1, adopted_by = $2, cluster = $3 returning id",
  isUsed: "select exists (select 1 from deliveries) as used",
  cluster: "select (select system_identifier from pg_control_system())::text as system",
  database: "select oid::text as oid from pg_database where datname = current_database()",
  waiting: `select count(*) as n from deliveries where state in ('planned', 'drawn', 'proven', 'composed') and not trial
    and occasion not like 'preview:%'`,
  discard: `update deliveries set state = 'discarded', reason = $1, finished_at = $2, owner = null, deadline = null
    where state in ('planned', 'drawn', 'proven', 'composed') and not trial and occasion not like 'preview:%'`,
  // In the order in which a late receipt takes them: the delivery, then its tries.
  lockSending: "select id from deliveries where state = 'sending' and not trial order by id for update",
  // Whoever was sending it may still do so, elsewhere; a late receipt says so.
  doubt:
    "update deliveries set state = 'uncertain', reason = $1, owner = null, deadline = null where state = 'sending' and not trial",
  doubtTries: `update attempts a set finished_at = $2, outcome = 'unknown', words = $1 from deliveries d
    where d.id = a.delivery_id and d.attempts = a.n and d.state = 'sending' and not d.trial and a.outcome is null`,
  openSlots: `select count(*) as n from slots s join reports r on r.name = s.report and r.mode = 'live'
    where s.state in ('due', 'waiting', 'ready', 'paused') and s.due <= $1`,
  skipSlots: `update slots set state = 'skipped', next_probe_at = null, reason = $1
    where state in ('due', 'waiting', 'ready', 'paused') and due <= $2`,
};

/** Whose database this is. */
export interface InstallationRow {
  readonly id: string;
  /** `null`: nobody has claimed it yet. */
  readonly adoptedAt: Temporal.Instant | null;
  readonly adoptedBy: string | null;
  /** The server and database that it was adopted in; `?` stands for a part that couldn't be asked. */
  readonly cluster: string | null;
}

const toInstallation = (row: Row): InstallationRow => ({
  id: text(row, "id"),
  adoptedAt: instantOrNull(row, "adopted_at"),
  adoptedBy: textOrNull(row, "adopted_by"),
  cluster: textOrNull(row, "cluster"),
});

const nobody: InstallationRow = { id: "", adoptedAt: null, adoptedBy: null, cluster: null };

/** Whose database this is. */
export const readInstallation = async (db: Db): Promise<InstallationRow> =>
  (await one(db, { text: statements.read, values: [], map: toInstallation })) ?? nobody;

/** The same, locked until the transaction ends, so that of two first starts one claims it and the other sees that. */
export const lockInstallation = async (db: Db): Promise<InstallationRow> =>
  (await one(db, { text: statements.lock, values: [], map: toInstallation })) ?? nobody;

/** Who adopts, when, and in which server and database. */
export interface Adoption {
  readonly now: Temporal.Instant;
  readonly by: string;
  readonly cluster: string;
}

/** Claims a database that nobody has claimed; its id stays. */
export const claimInstallation = async (db: Db, { now, by, cluster }: Adoption): Promise<void> => {
  await db.query(statements.claim, [at(now), by, cluster]);
};

/** Makes a database somebody's under a new id, which no copy of it has; the id. */
export const adoptInstallation = async (db: Db, { now, by, cluster }: Adoption): Promise<string> =>
  (await one(db, { text: statements.adopt, values: [at(now), by, cluster], map: (row) => text(row, "id") })) ?? "";

/** Whether anything was ever owed from this database. */
export const isUsed = async (db: Db): Promise<boolean> =>
  (await one(db, { text: statements.isUsed, values: [], map: (row) => as<boolean>(row, "used") })) ?? false;

/**
 * Names the server and the database. A dump that is restored, or a database made from a template, has another name than its original; a
 * standby that takes over has the same. Where the server's own identifier may not be asked, `?` stands for it.
 */
export const clusterOf = async (db: Db): Promise<string> => {
  const oid = await one(db, { text: statements.database, values: [], map: (row) => text(row, "oid") });
  const system = await one(db, { text: statements.cluster, values: [], map: (row) => text(row, "system") }).catch(
    () => null,
  );
  return `${system ?? "?"}/${oid ?? "?"}`;
};

/** How many emails to people are on their way here. */
export const waitingDeliveries = async (db: Db): Promise<number> =>
  (await one(db, { text: statements.waiting, values: [], map: (row) => number(row, "n") })) ?? 0;

/** How many slots of live reports are due and have no emails yet. */
export const openMornings = async (db: Db, now: Temporal.Instant): Promise<number> =>
  (await one(db, { text: statements.openSlots, values: [at(now)], map: (row) => number(row, "n") })) ?? 0;

/**
 * Ends all that is on its way: emails are discarded, one that is being sent becomes a question to an operator, and slots that are due are
 * skipped. Call it in a transaction.
 */
export const discardWaiting = async (db: Db, reason: string, now: Temporal.Instant): Promise<void> => {
  await db.query(statements.skipSlots, [reason, at(now)]);
  await db.query(statements.discard, [reason, at(now)]);
  await db.query(statements.lockSending);
  await db.query(statements.doubtTries, [reason, at(now)]);
  await db.query(statements.doubt, [reason]);
};
