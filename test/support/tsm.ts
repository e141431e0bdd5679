import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("tsm/tsm", import.meta.url));

/** How the stand-in behaves; `good` is what the documentation says of the real one. */
export type TsmMode =
  | "good"
  | "exits-badly"
  | "killed"
  | "half"
  | "empty"
  | "nothing"
  | "text"
  | "trickle"
  | "never-ends"
  | "asks"
  | "no-folder"
  | "settings-fail"
  | "settings-nothing"
  | "settings-empty"
  | "settings-half";

/**
 * A stand-in for `tsm`, since Tableau Server can't be had here: a script of its documented behaviour ("tsm maintenance backup", "tsm
 * settings export", "tsm configuration get"), and of what goes wrong with such programs. Put `environment` before running it.
 */
export const standInTsm = (dir: string, mode: TsmMode, bytes = 100_000) => {
  const folder = join(dir, "backups");
  mkdirSync(folder, { recursive: true });
  const lines = (name: string): readonly string[] => {
    try {
      return readFileSync(join(folder, name), "utf8").trim().split("\n");
    } catch {
      return [];
    }
  };
  return {
    program,
    /** Where it puts archives. */
    folder,
    environment: { PATH: "/usr/bin:/bin", TSM_FOLDER: folder, TSM_MODE: mode, TSM_BYTES: String(bytes) },
    /** What it was called with, a line each. */
    calls: () => lines("calls"),
    /** Process numbers of it and of what it started. */
    pids: () => lines("pids").map(Number),
  };
};
