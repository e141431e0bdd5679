import type { Command } from "commander";
import { type Cli, verb } from "#cli/verb.ts";

export const doctorCommand = (_: Cli): Command => verb({ usage: "doctor", does: "-", examples: [] });
