import { createHash } from "node:crypto";
import type { Bucket } from "#bucket/port.ts";
import { isFault, wordsOf } from "#model/fault.ts";
import type { Artifact } from "#model/render.ts";
import type { Drawn, DrawnFile } from "#render/draw.ts";
import type { Painter } from "#render/painter.ts";
import type { Clock } from "#runtime/clock.ts";
import { type KeptLease, keepLease } from "#runtime/lease.ts";
import type { Log } from "#runtime/log.ts";
import type { PassPoint } from "#runtime/point.ts";
import { outlast } from "#store/outlast.ts";
import { type Pool, transaction } from "#store/pool.ts";
import {
  faultRender,
  finishRender,
  type LeaseAsk,
  type LeasedRender,
  leaseRender,
  postponeRender,
  renewRender,
} from "#store/renders.ts";
import { oweRemoval } from "#store/retention.ts";

/** What drawing uses. */
export interface DrawParts {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly log: Log;
  readonly artifacts: Bucket;
  readonly passPoint: PassPoint;
  /** Most renders at a time, of all workers together, on each report server that this process knows. */
  readonly concurrency: () => Readonly<Record<string, number>>;
}

/** Which work may be taken, and how often a render is tried. */
export interface DrawAsk extends Omit<LeaseAsk, "servers"> {
  readonly attempts: number;
}

/** The worker that draws. */
export interface DrawWorker {
  readonly parts: DrawParts;
  readonly painter: Painter;
  readonly signal: AbortSignal;
}

/** Leases and draws the oldest wanted render; its id, or `null` when there is none. */
export const drawNext = async (ask: DrawAsk, worker: DrawWorker): Promise<string | null> => {
  const { parts } = worker;
  const render = await leaseRender(parts.pool, { ...ask, servers: parts.concurrency() });
  if (render === null) return null;
  const lease = leaseOf(render, ask.leaseMs, worker);
  try {
    await parts.passPoint("render:claimed");
    const drawn = await worker.painter.draw(render.request, lease.signal);
    await parts.passPoint("render:drawn");
    await kept(worker, () => store(render, drawn, parts));
    await parts.passPoint("render:stored");
  } catch (error) {
    await kept(worker, () => setBack(render, error, { ask, worker }));
  } finally {
    lease.end();
  }
  return render.id;
};

/** A drawing that is done isn't given up because the database is away for a moment: it would be drawn again after its lease. */
const kept = (worker: DrawWorker, work: () => Promise<void>): Promise<void> => {
  const tell = (error: unknown): void => worker.parts.log.error("render.outcome-kept", { error });
  return outlast(work, { tell, signal: worker.signal });
};

const leaseOf = (render: LeasedRender, leaseMs: number, { parts, signal }: DrawWorker): KeptLease =>
  keepLease({
    leaseMs,
    signal,
    renew: () => renewRender(parts.pool, render, leaseMs),
    onFault: (error) => parts.log.warn("render.lease", { render: render.id, error }),
  });

const store = async (render: LeasedRender, drawn: Drawn, parts: DrawParts): Promise<void> => {
  const artifacts: Omit<Artifact, "id" | "renderId">[] = [];
  for (const file of drawn.files) artifacts.push(await keep(file, render, parts.artifacts));
  await parts.passPoint("render:kept");
  const yielded = { artifacts, evidence: drawn.evidence, now: parts.clock.now() };
  const stored = await transaction(parts.pool, (db) => finishRender(db, render, yielded));
  const fields = { render: render.id, view: render.request.view.path, ms: drawn.evidence.drawnMs };
  if (stored) parts.log.info("render.ready", fields);
  else {
    // What nobody will name mustn't stay: it may be of somebody who was erased meanwhile.
    for (const { path } of artifacts) await oweRemoval(parts.pool, path);
    parts.log.warn("render.fenced", fields);
  }
};

/** Each drawing has bytes of its own, by the day of its report: what is old is found by its key, and one goes without another. */
const keep = async (
  file: DrawnFile,
  { id, n, request }: LeasedRender,
  bucket: Bucket,
): Promise<Omit<Artifact, "id" | "renderId">> => {
  const { format, mediaType, bytes, width, height } = file;
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const path = `renders/${request.nominal.slice(0, 10)}/${id}-${n}-${sha256.slice(0, 12)}.${format}`;
  await bucket.put(path, bytes);
  return { format, mediaType, sha256, bytes: bytes.length, path, width, height };
};

/** Waits between tries of one render: a server that has just failed is given a little time, and the morning isn't long. */
const pausesMs = [2_000, 15_000, 60_000];
/** How soon it is tried again on what was away. */
const pauseWhileAwayMs = 15_000;

const setBack = async (
  render: LeasedRender,
  error: unknown,
  { ask, worker }: { readonly ask: DrawAsk; readonly worker: DrawWorker },
): Promise<void> => {
  const { parts, signal } = worker;
  // A render that was ended because the process stops is given back by the daemon, without counting the try.
  if (signal.aborted) return;
  const reason = wordsOf(error);
  parts.log.warn("render.set-back", { render: render.id, view: render.request.view.path, n: render.n, error });
  const isFree = isNoTry(error);
  const isHopeless = !isFree && isFault(error) && error.retry === "never";
  if (isHopeless || (!isFree && render.tries >= ask.attempts)) {
    await faultRender(parts.pool, render, { reason, now: parts.clock.now() });
    return;
  }
  const pauseMs = isFree ? pauseWhileAwayMs : (pausesMs[render.tries - 1] ?? 60_000);
  const notBefore = parts.clock.now().add({ milliseconds: pauseMs });
  await postponeRender(parts.pool, render, { notBefore, reason, isCounted: !isFree });
};

/**
 * What says nothing about the view takes none of its tries: a report server that is down for ten minutes, a machine on which no browser
 * starts or whose disk is full must not cost a morning its reports. Only their expiry ends the waiting, and another machine may draw them.
 */
const isNoTry = (error: unknown): boolean => {
  if (isFault(error, "browser.start") || isFault(error, "browser.missing")) return true;
  return (isFault(error, "server.unreachable") || isFault(error, "bucket.io")) && error.retry === "later";
};
