import { statfs } from "node:fs/promises";
import { hostname } from "node:os";
import { recurringTroubles } from "#app/alerts.ts";
import type { Opened } from "#app/work.ts";
import type { ArtifactsConfig, Config } from "#config/config.ts";
import type { Work, WorkSettings } from "#daemon.ts";
import type { Alerts } from "#model/alert.ts";
import { Fault } from "#model/fault.ts";
import { startLoop } from "#runtime/loop.ts";
import type { Db } from "#store/db.ts";
import { aliveWorkers } from "#store/workers.ts";

/** Looks after the places that this process writes to, beside its loops: is there room, and do all machines mean the same place? */
export const withPlaces = (
  work: Work,
  {
    open,
    alerts,
    settings,
  }: {
    readonly open: Opened;
    readonly alerts: Alerts;
    readonly settings: Pick<WorkSettings, "roles" | "occasion" | "sweepEveryMs">;
  },
): Work => {
  const { config, pool, clock, log } = open;
  if (settings.occasion !== null) return work;
  const tell = recurringTroubles(alerts);
  const look = async (): Promise<undefined> => {
    const full = await lowRoom(foldersOf(config));
    await tell(`disk:${hostname()}`, full === null ? null : lowWords(full));
    const strangers = usesArtifacts(settings.roles) ? await strangersAt(config.artifacts, pool) : [];
    await tell(`artifacts:${hostname()}`, strangers.length === 0 ? null : unsharedWords(strangers));
  };
  const loop = startLoop({
    name: "places",
    everyMs: settings.sweepEveryMs,
    clock,
    work: look,
    onFault: (error, inARow) => log.error("loop.fault", { loop: "places", error, inARow }),
  });
  return {
    ...work,
    loops: [...work.loops, loop],
    stop: async () => void (await Promise.all([work.stop(), loop.stop()])),
  };
};

const foldersOf = ({ home, artifacts, mail }: Config): readonly string[] => [
  ...new Set([
    home,
    ...(artifacts.place.kind === "folder" ? [artifacts.place.dir] : []),
    ...(mail.via.kind === "folder" ? [mail.via.dir] : []),
  ]),
];

/** A morning's pictures and emails want room; on a small disk a share of it. */
const leastBytes = 200 * 1024 * 1024;
const leastShare = 0.05;

/** The first folder whose disk is nearly full; `null`: there is room. A folder that isn't there yet is looked at once it is. */
const lowRoom = async (
  folders: readonly string[],
): Promise<{ readonly folder: string; readonly free: number } | null> => {
  for (const folder of folders) {
    const disk = await statfs(folder).catch(() => null);
    if (disk === null) continue;
    const free = disk.bavail * disk.bsize;
    if (free < Math.min(leastBytes, disk.blocks * disk.bsize * leastShare)) return { folder, free };
  }
  return null;
};

const lowWords = ({ folder, free }: { readonly folder: string; readonly free: number }) => ({
  subject: `the disk of ${hostname()} is nearly full`,
  lines: [
    `Of the disk below ${folder}, ${Math.floor(free / (1024 * 1024))} MB are free.`,
    "What can't be kept isn't sent: emails wait until there is room, and go on by themselves.",
    "Make room there, or keep pictures and emails for a shorter time: the setting `keep`.",
  ],
});

/** Whoever only plans or makes backups needs none of what another machine has drawn. */
const usesArtifacts = (roles: readonly string[]): boolean =>
  roles.some((role) => role === "tick" || role === "render" || role === "write" || role === "send");

/** A process that was heard of within this time is at work. */
const aliveMs = 60_000;

/** Other machines at work on the same rows although the artifacts lie in a folder that only this one is known to see. */
const strangersAt = async ({ place, shared }: ArtifactsConfig, pool: Db): Promise<readonly string[]> => {
  if (place.kind !== "folder" || shared) return [];
  const alive = await aliveWorkers(pool, aliveMs);
  const others = alive.filter(({ host, roles }) => host !== hostname() && usesArtifacts(roles)).map(({ host }) => host);
  return [...new Set(others)];
};

const unsharedHint =
  "put artifacts into a bucket (artifacts.to: s3://…), or into a folder that all machines see, and say so: artifacts.shared: true";

const unsharedWhat = (others: readonly string[]): string =>
  `${others.join(" and ")} ${others.length === 1 ? "is" : "are"} at work on this database, too, and artifacts lie in a folder of ${hostname()}.`;

const unsharedWords = (others: readonly string[]) => ({
  subject: "two machines work with pictures that only one of them has",
  lines: [unsharedWhat(others), `What to do: ${unsharedHint}.`],
});

type Place = Pick<Opened, "config" | "pool">;

/** Why this machine can't work beside those that do; `null`: it can. */
export const unsharedBeside = async ({ config, pool }: Place): Promise<Fault | null> => {
  const strangers = await strangersAt(config.artifacts, pool);
  if (strangers.length === 0) return null;
  const hint = `${unsharedHint}; a machine that has just ended is forgotten after a minute`;
  return new Fault("bucket.unshared", unsharedWhat(strangers), { hint });
};

/** Refuses to work beside another machine that can't see this one's artifacts: what one draws, the other could not send. */
export const refuseUnshared = async (place: Place, roles: readonly string[]): Promise<void> => {
  const fault = usesArtifacts(roles) ? await unsharedBeside(place) : null;
  if (fault !== null) throw fault;
};
