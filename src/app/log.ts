import { type Log, type LogSettings, openLog } from "#runtime/log.ts";

/** The log of a daemon: to the standard error, in words at a terminal unless JSON is wanted there, too. */
export const openDaemonLog = (level: LogSettings["level"], format: NonNullable<LogSettings["format"]>): Log =>
  openLog({ level, format, file: null, maskAddresses: true });
