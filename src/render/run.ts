import { createHash } from "node:crypto";
import type { Bucket } from "#bucket/port.ts";
import { isFault, wordsOf } from "#model/fault.ts";
import type { Artifact } from "#model/render.ts";
import type { Drawn, DrawnFile } from "#render/draw.ts";
import type { Painter } from "#render/painter.ts";
import type { Clock } from "#runtime/clock.ts";
import type { Log } from "#runtime/log.ts";
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

/** What drawing uses. */
export interface DrawParts {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly log: Log;
  readonly artifacts: Bucket;
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
  const lease = keepLease(render, ask.leaseMs, worker);
  try {
    const drawn = await worker.painter.draw(render.request, lease.signal);
    await kept(worker, () => store(render, drawn, parts));
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

/** Renews the lease while the render is drawn; a lost lease ends the drawing, since somebody else has it now. */
const keepLease = (render: LeasedRender, leaseMs: number, { parts, signal }: DrawWorker) => {
  const lost = new AbortController();
  const renew = async (): Promise<void> => {
    if (!(await renewRender(parts.pool, render, leaseMs))) lost.abort(new Error("the lease was lost"));
  };
  const timer = setInterval(
    () => void renew().catch((error: unknown) => parts.log.warn("render.lease", { render: render.id, error })),
    leaseMs / 3,
  );
  return { signal: AbortSignal.any([signal, lost.signal]), end: () => clearInterval(timer) };
};

const store = async (render: LeasedRender, drawn: Drawn, parts: DrawParts): Promise<void> => {
  const artifacts: Omit<Artifact, "id" | "renderId">[] = [];
  for (const file of drawn.files) artifacts.push(await keep(file, parts.artifacts));
  const yielded = { artifacts, evidence: drawn.evidence, now: parts.clock.now() };
  const stored = await transaction(parts.pool, (db) => finishRender(db, render, yielded));
  const fields = { render: render.id, view: render.request.view.path, ms: drawn.evidence.drawnMs };
  if (stored) parts.log.info("render.ready", fields);
  else parts.log.warn("render.fenced", fields);
};

/** Artifacts lie under the hash of their bytes, so writing one twice changes nothing. */
const keep = async (file: DrawnFile, bucket: Bucket): Promise<Omit<Artifact, "id" | "renderId">> => {
  const { format, mediaType, bytes, width, height } = file;
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const path = `renders/${sha256.slice(0, 2)}/${sha256}.${format}`;
  await bucket.put(path, bytes);
  return { format, mediaType, sha256, bytes: bytes.length, path, width, height };
};

/** Waits between tries of one render: a server that has just failed is given a little time, and the morning isn't long. */
const pausesMs = [2_000, 15_000, 60_000];
/** How soon a server that is away is asked again. */
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
  const isHopeless = isFault(error) && error.retry === "never";
  parts.log.warn("render.set-back", { render: render.id, view: render.request.view.path, n: render.n, error });
  // A report server that is down for ten minutes must not cost a morning its reports: only their expiry ends the waiting.
  const isAway = isFault(error, "server.unreachable") && !isHopeless;
  if (isHopeless || (!isAway && render.n >= ask.attempts)) {
    await faultRender(parts.pool, render, { reason, now: parts.clock.now() });
    return;
  }
  const pauseMs = isAway ? pauseWhileAwayMs : (pausesMs[render.n - 1] ?? 60_000);
  const notBefore = parts.clock.now().add({ milliseconds: pauseMs });
  await postponeRender(parts.pool, render, { notBefore, reason, isCounted: !isAway });
};
