import type { AlertChannel } from "#alert/port.ts";
import type { Log } from "#runtime/log.ts";

/** Writes alerts into the log, where every installation has at least this channel. */
export const logChannel = (log: Log): AlertChannel => ({
  name: "log",
  tell: async ({ key, severity, subject, lines, to }) => {
    const fields = { key, severity, subject, lines, to };
    switch (severity) {
      case "critical":
        return log.error("alert.critical", fields);
      case "warning":
        return log.warn("alert.warning", fields);
      case "recovered":
      case "summary":
        return log.info(`alert.${severity}`, fields);
    }
  },
});
