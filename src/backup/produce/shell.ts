import { existsSync } from "node:fs";
import { platform } from "node:os";
import { failed } from "#backup/produce/failed.ts";
import type { CommandLine } from "#model/backup.ts";

/** A program with its words, as it is spawned. */
export interface Program {
  readonly file: string;
  readonly args: readonly string[];
  /** True where the words are quoted already, in Windows' own way. */
  readonly verbatim: boolean;
}

const bashes = ["/bin/bash", "/usr/bin/bash", "/usr/local/bin/bash", "/opt/homebrew/bin/bash"];

/** `a | b`, and not `a || b`. */
const hasPipe = (line: string): boolean => /(?<!\|)\|(?!\|)/.test(line);

/**
 * A line of a shell. Of `dump | gzip` the shell tells only how gzip ended, and half a dump would count as an archive: so the shell is
 * one that can be told to look at each, and it stops at the first that fails.
 */
const posixShell = (line: string, more: readonly string[]): Program => {
  const bash = bashes.find((path) => existsSync(path));
  if (bash !== undefined)
    return { file: bash, args: ["-e", "-o", "pipefail", "-c", line, "sh", ...more], verbatim: false };
  if (hasPipe(line)) {
    throw failed("This machine's shell doesn't tell when a command before a pipe fails.", {
      hint: "install bash, or write the command as a script that looks at each step",
      retry: "never",
    });
  }
  return { file: "/bin/sh", args: ["-e", "-c", line, "sh", ...more], verbatim: false };
};

/** In Windows' shell further words stand behind the line, in quotes. */
const windowsShell = (line: string, more: readonly string[]): Program => {
  if (hasPipe(line)) {
    throw failed("Windows' shell doesn't tell when a command before a pipe fails.", {
      hint: "write the command as a script that looks at each step",
      retry: "never",
    });
  }
  const whole = [line, ...more.map((word) => `"${word}"`)].join(" ");
  return { file: "cmd.exe", args: ["/d", "/s", "/c", `"${whole}"`], verbatim: true };
};

/** How a command is started on this machine. Throws `backup.produce` for a line whose failure its shell would hide. */
export const programOf = (line: CommandLine, more: readonly string[]): Program => {
  if ("shell" in line) return platform() === "win32" ? windowsShell(line.shell, more) : posixShell(line.shell, more);
  const [file = "", ...words] = line.words;
  // tsm and others are .cmd files on Windows, which only its shell can start.
  if (platform() === "win32" && /\.(?:cmd|bat)$/i.test(file))
    return windowsShell([file, ...words].map((word) => `"${word}"`).join(" "), more);
  return { file, args: [...words, ...more], verbatim: false };
};
