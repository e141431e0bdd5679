import type { KeepConfig } from "#config/config.ts";
import type { Context } from "#config/resolve/context.ts";

/** How long what Daybreak has is kept. */
export const keepOf = ({ written: { keep } }: Context): KeepConfig => ({
  artifactsMs: keep.artifacts.ms,
  messagesMs: keep.messages.ms,
  deliveriesMs: keep.deliveries.ms,
  auditMs: keep.audit.ms,
});
