import { type Log, type LogSettings, openLog } from "#runtime/log.ts";

/** The log of a daemon: to the standard error, in words at a terminal unless JSON is wanted there, too. */
export const openDaemonLog = (settings: Omit<LogSettings, "file">): Log => openLog({ ...settings, file: null });
