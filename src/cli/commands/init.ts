import type { Command } from "commander";
import { type Cli, verb } from "#cli/verb.ts";

export const initCommand = (_: Cli): Command => verb({ usage: "init", does: "-", examples: [] });
