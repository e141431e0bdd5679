import type { Command } from "commander";
import { type Diagnosis, examineAll } from "#actions/doctor.ts";
import type { Tools } from "#app.ts";
import { examinationsOf } from "#cli/examinations.ts";
import { openLook } from "#cli/look.ts";
import { withTools } from "#cli/open.ts";
import type { Tone } from "#cli/table.ts";
import { type Cli, type Common, type ExitCode, verb } from "#cli/verb.ts";

/** `doctor`: tries every connection. */
export const doctorCommand = (cli: Cli): Command =>
  verb({
    usage: "doctor",
    does: "Try the database, the browser, each server and source, the mail and the buckets of backups; say how to mend what is broken.",
    examples: ["doctor", "doctor --json"],
    attention: "all works, but a person should look at something",
    json: true,
  }).action((_: unknown, command: Command) =>
    cli.run(command, (common) => withTools(cli, common, (tools) => examine(tools, cli, common))),
  );

const examine = async (tools: Tools, cli: Cli, common: Common): Promise<ExitCode> => {
  const look = openLook(tools, cli);
  const examinations = examinationsOf(tools, look, cli);
  try {
    let done = 0;
    const diagnoses = await examineAll(examinations, () => {
      done += 1;
      cli.terminal.status(`${done} of ${examinations.length} looked at …`);
    });
    cli.terminal.status(null);
    if (common.json) cli.say.json(diagnoses);
    else for (const one of diagnoses) tell(one, cli);
    if (diagnoses.some(({ grade }) => grade === "fault")) return 1;
    return diagnoses.some(({ grade }) => grade === "warning") ? 3 : 0;
  } finally {
    await look.close();
  }
};

const marks: Readonly<Record<Diagnosis["grade"], { readonly sign: string; readonly tone: Tone }>> = {
  fine: { sign: "✓", tone: "good" },
  note: { sign: "·", tone: "dim" },
  warning: { sign: "!", tone: "warn" },
  fault: { sign: "✗", tone: "bad" },
};

const tell = ({ about, grade, what, mend, ms }: Diagnosis, { say }: Cli): void => {
  const { sign, tone } = marks[grade];
  say.line(
    `${say.paint(tone, sign)} ${say.paint("bold", about.padEnd(14))} ${what} ${say.paint("dim", `(${(ms / 1000).toFixed(1)} s)`)}`,
  );
  if (mend !== null) say.line(`${" ".repeat(17)}→ ${mend}`);
};
