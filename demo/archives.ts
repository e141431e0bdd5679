import { runBackup } from "#actions/backup-run.ts";
import type { App } from "#app.ts";
import { archiveCell, spanInWords } from "#cli/backups.ts";
import { sayOn } from "#cli/say.ts";
import type { Cell } from "#cli/table.ts";
import type { Terminal } from "#cli/terminal.ts";
import { sizeInWords } from "#cli/words.ts";
import type { Backup } from "#model/backup.ts";
import { wordsOf } from "#model/fault.ts";

/** Makes every configured backup once and shows what became of each. True when all were read back whole. */
export const backUp = async (app: App, terminal: Terminal, signal: AbortSignal): Promise<boolean> => {
  const made = await Promise.all(app.config.backups.map((backup) => backUpOne(app, backup, signal)));
  if (signal.aborted) return false;
  const say = sayOn(terminal);
  say.line();
  say.table(
    ["backup", "archive", "size", "made", "uploaded", "read back", "outcome", ""],
    made.map(({ row }) => row),
  );
  say.line();
  const isFine = made.every((one) => one.isFine);
  const tell = isFine ? say.good : say.warn;
  tell(`${made.filter((one) => one.isFine).length} of ${made.length} backups are in the bucket, read back whole.`);
  say.line("  How they stand: npm run daybreak -- -c config/demo.yaml backup status");
  return isFine;
};

interface Shown {
  readonly row: readonly Cell[];
  readonly isFine: boolean;
}

const backUpOne = async (app: App, backup: Backup, signal: AbortSignal): Promise<Shown> => {
  const { name } = backup;
  const ask = { by: "demo", host: app.config.host, owner: `demo:${process.pid}`, leaseMs: 30_000, signal };
  try {
    const { run, archive } = await runBackup(backup, ask, app.backups);
    const spans = [run.produceMs, run.uploadMs, run.verifyMs].map((ms) => (ms === null ? "" : spanInWords(ms)));
    const outcome = archive === null ? { text: run.state, tone: "bad" as const } : archiveCell(archive.state);
    const size = archive === null ? "" : sizeInWords(archive.bytes);
    const row = [name, archive?.key ?? "", size, ...spans, outcome, run.state === "done" ? "" : (run.reason ?? "")];
    return { row, isFine: archive?.state === "verified" };
  } catch (error) {
    return { row: [name, "", "", "", "", "", { text: "failed", tone: "bad" }, wordsOf(error)], isFine: false };
  }
};
