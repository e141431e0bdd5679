import { heldInWords, judgeWave } from "#audience/plan/wave.ts";
import type { Alerts } from "#model/alert.ts";
import type { Slot } from "#model/delivery.ts";
import type { Report } from "#model/report.ts";
import type { Clock } from "#runtime/clock.ts";
import type { Log } from "#runtime/log.ts";
import { type Pool, transaction } from "#store/pool.ts";
import { isFirstWave, releaseWave, waveProgress } from "#store/waves.ts";

/** What looking after a first wave uses. */
export interface WaveParts {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly log: Log;
  readonly alerts: Alerts;
}

/**
 * Lets the rest of a slot go out after its first wave; true when it did so now. Where something is wrong with the first wave, or an operator
 * is to decide, somebody is told and the rest waits.
 */
export const letRestGo = async (slot: Slot, { firstWave }: Report, parts: WaveParts): Promise<boolean> => {
  const { pool, clock, log, alerts } = parts;
  if (firstWave === undefined || slot.isStopped === true || !(await isFirstWave(pool, slot.id))) return false;
  const decision = judgeWave({ firstWave, ...(await waveProgress(pool, slot.id)), now: clock.now() });
  const key = `wave:${slot.id}`;
  if (decision.do === "hold") await alerts.raise({ key, severity: "warning", ...heldInWords(slot, decision) });
  if (decision.do !== "release") return false;
  await transaction(pool, (db) => releaseWave(db, slot.id));
  log.info("slot.wave-released", { slot: slot.id, report: slot.report, reason: decision.reason });
  await alerts.recover(key);
  return true;
};
