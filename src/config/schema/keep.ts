import { z } from "zod";
import { durationMs, section } from "#config/schema/values.ts";

const dayMs = 86_400_000;

const message = (leastDays: number): string =>
  `must be how long it is kept, ${leastDays === 1 ? "a day" : `${leastDays} days`} at least; write days such as 90d, or forever`;

/** `90d` → milliseconds; `forever` → `null`. */
const kept = (leastDays: number) =>
  z.string({ error: message(leastDays) }).transform((written, ctx): { readonly ms: number | null } => {
    if (written.trim() === "forever") return { ms: null };
    const ms = durationMs(written.trim());
    if (ms !== undefined && ms >= leastDays * dayMs) return { ms };
    ctx.issues.push({ code: "custom", message: message(leastDays), input: written });
    return z.NEVER;
  });

const sections = section({
  artifacts: kept(1).prefault("30d").describe("Drawn pictures and files, from their drawing on. Their hashes stay."),
  messages: kept(1).prefault("90d").describe("Emails as they were sent, from their end on. Their hashes stay."),
  deliveries: kept(7)
    .prefault("1095d")
    .describe("Who got what and with which proof, with closed alerts; then nothing of it is left."),
  audit: kept(7).prefault("1095d").describe("Who changed which row, and what it was before."),
});

/** `keep`: how long what Daybreak has is kept. */
export const keep = () => sections.prefault({});
