/** An operator's verbs for a report server: let it rest, and take it back. What is wanted of it waits meanwhile. */
import type { Slot } from "#model/delivery.ts";
import { Fault } from "#model/fault.ts";
import { nearestTo } from "#model/nearest.ts";
import { before, type Temporal } from "#model/time.ts";
import { type Pool, transaction } from "#store/pool.ts";
import {
  allServers,
  type KnownServer,
  type PausedServer,
  pausedForSlot,
  pauseServer,
  resumeServer,
} from "#store/servers.ts";

export type { KnownServer } from "#store/servers.ts";

/** All report servers, with what is drawn there and what waits. */
export const listServers = (pool: Pool): Promise<readonly KnownServer[]> => allServers(pool);

/** Lets a server rest until a time; recorded with who said so. */
export const pause = async (
  ask: { readonly name: string; readonly until: Temporal.Instant; readonly by: string },
  pool: Pool,
): Promise<KnownServer> => {
  const server = await serverNamed(ask.name, pool);
  await transaction(pool, (db) => pauseServer(db, ask), ask.by);
  return server;
};

/** Ends a server's rest; false when it had none. */
export const resume = async (ask: { readonly name: string; readonly by: string }, pool: Pool): Promise<boolean> => {
  await serverNamed(ask.name, pool);
  return transaction(pool, (db) => resumeServer(db, ask.name), ask.by);
};

const serverNamed = async (name: string, pool: Pool): Promise<KnownServer> => {
  const servers = await allServers(pool);
  const found = servers.find((one) => one.name === name);
  if (found !== undefined) return found;
  const names = servers.map((one) => one.name);
  const near = nearestTo(name, names);
  const all = names.length === 0 ? "none is known yet; a daemon makes them known" : `there are: ${names.join(", ")}`;
  throw new Fault("store.not-found", `There is no report server “${name}”.`, {
    hint: near === null ? all : `did you mean “${near}”?`,
  });
};

/** The servers that rest now. */
export const restingServers = async (pool: Pool, now: Temporal.Instant): Promise<readonly PausedServer[]> =>
  (await allServers(pool)).flatMap(({ name, pausedUntil }) =>
    pausedUntil !== null && before(now, pausedUntil) ? [{ name, until: pausedUntil }] : [],
  );

/** For each slot on its way that waits for a paused server: which, by the slot's id. */
export const pausesOf = async (
  slots: readonly Pick<Slot, "id" | "state">[],
  pool: Pool,
  now: Temporal.Instant,
): Promise<ReadonlyMap<string, readonly PausedServer[]>> => {
  const pauses = new Map<string, readonly PausedServer[]>();
  if ((await restingServers(pool, now)).length === 0) return pauses;
  for (const { id } of slots.filter(({ state }) => state === "planned"))
    pauses.set(id, await pausedForSlot(pool, id, now));
  return pauses;
};
