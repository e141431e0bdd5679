import { setFlagsFromString } from "node:v8";
import sharp from "sharp";
import type { Role } from "#daemon.ts";

/** How much the memory that is in use may grow before V8 looks for what no longer is. */
const growth = { planner: 50, worker: 150 };

/**
 * Collects garbage sooner, for a process that stays for weeks. By itself V8 takes what a large machine has before it looks for what is no
 * longer needed: planning for 100,000 people then took 300 MB of which 50 were in use. It costs a few percent of a planner's time; of one
 * that draws and sends, which makes garbage all the time, it would be a tenth.
 */
export const keepMemorySmall = (roles: readonly Role[]): void => {
  const works = roles.some((role) => role === "render" || role === "write" || role === "send");
  setFlagsFromString("--semi-space-growth-factor=1");
  setFlagsFromString(`--heap-growing-percent=${works ? growth.worker : growth.planner}`);
  // No picture is worked on twice in the same way, so what the library keeps for that is only held.
  sharp.cache(false);
};
