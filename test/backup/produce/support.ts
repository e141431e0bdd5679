import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Produced } from "#backup/port.ts";
import type { ProducerParts } from "#backup/produce/making.ts";
import { producer } from "#backup/produce/produce.ts";
import type { Producer } from "#model/backup.ts";
import { Fault } from "#model/fault.ts";

/** A folder for one test, with a scratch folder of its own in it. */
export const place = () => {
  const dir = mkdtempSync(join(tmpdir(), "daybreak-produce-"));
  const scratch = join(dir, "scratch");
  return {
    dir,
    scratch,
    /** What lies in scratch. */
    left: (): readonly string[] => readdirSync(scratch),
    [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }),
  };
};

/** What is asked of a producer, and with what around it. */
export interface Asked {
  readonly producer: Producer;
  readonly extension: string;
  readonly scratch: string;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly parts?: Partial<ProducerParts>;
}

const usualParts: ProducerParts = {
  environment: { PATH: "/usr/local/bin:/usr/bin:/bin" },
  ownDatabase: () => {
    throw new Error("no database");
  },
  ownRows: async function* () {
    yield "select 1;\n";
  },
  patience: { graceMs: 300, lingerMs: 300 },
};

/** Makes an archive as the product does. */
export const produce = (asked: Asked): Promise<Produced> =>
  producer({ ...usualParts, ...asked.parts })({
    producer: asked.producer,
    extension: asked.extension,
    stem: "bi-2026-11-21",
    scratch: asked.scratch,
    timeoutMs: asked.timeoutMs ?? 30_000,
    signal: asked.signal ?? new AbortController().signal,
  });

/** The fault of an archive that was not made; `null` when it was. */
export const faultOf = async (asked: Asked): Promise<Fault | null> => {
  try {
    await produce(asked);
    return null;
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
};

/** A zombie is dead: it only waits for whoever collects orphans. */
const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(")") + 2));
  } catch {
    return false;
  }
};

/** Those of the processes that are still there. */
export const alive = (pids: readonly number[]): readonly number[] => pids.filter(isAlive);
