import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { type Preview, type Previewed, preview, previewFiles } from "#actions/preview.ts";
import type { App } from "#app.ts";
import { operator, withApp } from "#cli/open.ts";
import { untilStopped } from "#cli/progress.ts";
import { sendParts } from "#cli/requests.ts";
import { type Cli, type ExitCode, verb } from "#cli/verb.ts";
import { sizeInWords } from "#cli/words.ts";
import type { Delivery } from "#model/delivery.ts";
import { Fault } from "#model/fault.ts";

interface PreviewOptions {
  readonly as: string;
  readonly out: string;
}

/** `preview <report>`: one person's email as it would be now, as files. */
export const previewCommand = (cli: Cli): Command =>
  verb({
    usage: "preview <report>",
    does: "Draw, prove and write one person's email into a folder, without sending it.",
    examples: ["preview daily-sales --as anna@example.com --out /tmp/anna"],
    attention: "written, but the proof says something, or a part could not be had",
  })
    .requiredOption("--as <recipient>", "whose email: key or address")
    .requiredOption("-o, --out <folder>", "where the files go; it is made if it isn't there")
    .action((report: string, options: PreviewOptions, command: Command) =>
      cli.run(command, (common) =>
        withApp(cli, { common, reach: "servers" }, async (app) => {
          const made = await makePreview(app, { cli, report, as: options.as });
          return await writeAll(made, { cli, folder: resolve(cli.terminal.cwd, options.out) });
        }),
      ),
    );

const LIMIT_MS = 15 * 60_000;

interface Wanted {
  readonly cli: Cli;
  readonly report: string;
  readonly as: string;
}

/** Draws and writes what one person would get; also used by `init`. */
export const makePreview = async (app: App, { cli, report, as }: Wanted): Promise<Preview> => {
  const { signal, done } = untilStopped(cli.terminal);
  try {
    const made = await preview(
      { report, as, by: operator() },
      {
        ...sendParts(app),
        artifacts: app.artifacts,
        work: (occasion) => app.work({ roles: ["render", "write"], occasion }),
        follow: {
          pool: app.pool,
          clock: app.clock,
          signal,
          limitMs: LIMIT_MS,
          onProgress: (deliveries) => cli.terminal.status(doing(deliveries)),
        },
      },
    );
    if (!signal.aborted) return made;
    throw new Fault("run.aborted", "Stopped; nothing was written.", { hint: "start the command again when you like" });
  } finally {
    done();
  }
};

const acts: Readonly<Partial<Record<Delivery["state"], string>>> = {
  planned: "Drawing",
  drawn: "Proving",
  proven: "Writing",
};

/** What is being done now: the first thing that is still to do. */
const doing = (deliveries: readonly Delivery[]): string | null => {
  const act = deliveries.map(({ state }) => acts[state]).find((word) => word !== undefined);
  return act === undefined ? null : `${act} the email …`;
};

/** Writes previews into a folder, each of several into one of its own. */
export const writeAll = async (
  { written, others }: Preview,
  { cli, folder }: { readonly cli: Cli; readonly folder: string },
): Promise<ExitCode> => {
  const { say } = cli;
  for (const [at, one] of written.entries()) {
    await writeOne(one, { cli, folder: written.length === 1 ? folder : join(folder, String(at + 1)) });
  }
  for (const { recipientName, state, reason } of others)
    say.warn(`${recipientName}: no email, it is ${state}: ${reason ?? "it took too long"}`);
  const doubts = written.flatMap((one) =>
    one.proofs.filter(({ verdict }) => verdict === "unproven" || verdict === "mismatch"),
  );
  for (const { format, verdict, evidence } of doubts)
    say.warn(`${format.toUpperCase()} ${verdict}: ${evidence.join(" ")}`);
  if (written.length === 0) return others.every(({ state }) => state === "skipped") ? 3 : 1;
  return others.length > 0 || doubts.length > 0 ? 3 : 0;
};

const writeOne = async (
  previewed: Previewed,
  { cli, folder }: { readonly cli: Cli; readonly folder: string },
): Promise<void> => {
  const { say } = cli;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const files = previewFiles(previewed);
  // Names come from the message; whatever stands in one, the file lies in the folder.
  for (const { name, content } of files) {
    await writeFile(join(folder, name.replace(/[/\\]/g, "_")), content, { mode: 0o600 });
  }
  say.good(previewed.subject);
  say.table(
    ["file", "size"],
    files.map(({ name, content }) => [join(folder, name), sizeInWords(content.length)]),
  );
};
