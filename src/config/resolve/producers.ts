import { basename, resolve } from "node:path";
import type { Path } from "#config/document.ts";
import type { Context } from "#config/resolve/context.ts";
import { databaseOf } from "#config/resolve/places.ts";
import { expand } from "#config/resolve/reference.ts";
import type { WrittenBackup } from "#config/schema.ts";
import type { CommandLine, Producer } from "#model/backup.ts";

/** A producer with the extension of what it makes. */
export interface Made {
  readonly producer: Producer;
  readonly extension: string;
}

const kinds = ["tableau", "postgres", "sqlite", "folder", "command"] as const;

type Kind = (typeof kinds)[number];

/** A command as it is written: text for a shell, a list of words for none. */
export const commandOf = (written: string | readonly string[]): CommandLine =>
  typeof written === "string" ? { shell: written } : { words: written };

interface Asked {
  readonly backup: WrittenBackup;
  readonly path: Path;
  readonly context: Context;
}

const tableauOf = ({ backup, context }: Asked): Made => {
  const { tsm = "tsm", dir, multithreaded = false, flags = [] } = backup.tableau ?? {};
  return {
    producer: {
      kind: "tableau",
      tsm: /[/\\]/.test(tsm) ? resolve(context.dir, tsm) : tsm,
      dir: dir === undefined ? null : resolve(context.dir, dir),
      flags: [...(multithreaded ? ["--multithreaded"] : []), ...flags],
    },
    extension: "tsbak",
  };
};

/** An archive holds the date once, in the name that Daybreak gives it; and it is verified unless its maker wants it otherwise. */
const judgeTsmFlags = ({ backup, path, context }: Asked): void => {
  for (const [place, flag] of (backup.tableau?.flags ?? []).entries()) {
    const at = [...path, "tableau", "flags", place];
    if (/^(-d|--append-date)$/.test(flag)) context.note(at, "would write the date twice; delete it");
    if (/^(-f|--file)\b/.test(flag)) context.note(at, "is chosen by Daybreak; delete it, or set root");
    if (/^(-p|--password)\b/.test(flag))
      context.note(at, "would show a password to everybody on the machine; sign in once by tsm login as this user");
  }
};

const postgresUrl = (written: string, path: Path, context: Context): string | null => {
  if (written === "own") return null;
  const url = expand(written, path, context);
  if (url === null || (/^postgres(ql)?:\/\//i.test(url) && URL.canParse(url))) return url;
  const remedy = `write own, or one by a variable such as \${SUPERSET_DB}`;
  context.note(path, `must be own or a Postgres address; ${remedy}`);
  return null;
};

/** The Postgres that Daybreak brings along has no pg_dump, and is newer than most machines' own: its rows are written as SQL. */
const ownOf = ({ context }: Asked, pgDump: string | null): Made | null =>
  pgDump === null && databaseOf(context) === null ? { producer: { kind: "own" }, extension: "sql.zst" } : null;

const postgresOf = (asked: Asked): Made => {
  const { path, context } = asked;
  const { postgres = "own" } = asked.backup;
  const { url, pgDump, flags = [] } = typeof postgres === "string" ? { url: postgres, pgDump: undefined } : postgres;
  const at = typeof postgres === "string" ? [...path, "postgres"] : [...path, "postgres", "url"];
  if (url === undefined)
    context.note(at, "is missing; write own for Daybreak's own database, or an address by a variable", "missing");
  const tool = pgDump !== undefined && /[/\\]/.test(pgDump) ? resolve(context.dir, pgDump) : (pgDump ?? null);
  const own = url === "own" ? ownOf(asked, tool) : null;
  const producer = { kind: "postgres", url: postgresUrl(url ?? "own", at, context), pgDump: tool, flags } as const;
  return own ?? { producer, extension: "dump" };
};

const sqliteOf = ({ backup, context }: Asked): Made => ({
  producer: { kind: "sqlite", file: resolve(context.dir, backup.sqlite ?? "") },
  extension: "sqlite",
});

const folderOf = ({ backup: { folder = "" }, path, context }: Asked): Made => {
  const { dir, exclude = [] } = typeof folder === "string" ? { dir: folder } : folder;
  if (dir === undefined) context.note([...path, "folder", "dir"], "is missing; write the folder", "missing");
  return { producer: { kind: "folder", dir: resolve(context.dir, dir ?? "."), exclude }, extension: "tar.zst" };
};

const isExtension = (text: string): boolean => /^[A-Za-z0-9]+(?:\.[A-Za-z0-9]+){0,3}$/.test(text);

/** `dump.sql.gz` → `sql.gz`; `null` for a file without one. */
const extensionIn = (file: string): string | null => {
  const found = /^[^.]+\.(.+)$/.exec(basename(file.replaceAll("\\", "/")))?.[1];
  return found !== undefined && isExtension(found) ? found : null;
};

const extensionOf = (written: string | undefined, file: string | undefined, { path, context }: Asked): string => {
  const extension = written?.replace(/^\./, "") ?? extensionIn(file ?? "") ?? "bin";
  const at = [...path, "command", "extension"];
  if (!isExtension(extension)) context.note(at, "must be an extension; write letters and digits, such as sql.gz");
  if (/(?:^|\.)manifest\.json$/i.test(extension))
    context.note(at, "is what Daybreak's own files end with; choose another");
  return extension;
};

const commandMadeOf = (asked: Asked): Made => {
  const { command = "" } = asked.backup;
  const isPlain = typeof command === "string" || Array.isArray(command);
  const { run, file, extension, begins } = isPlain ? { run: command } : command;
  if (run === undefined)
    asked.context.note([...asked.path, "command", "run"], "is missing; write the command", "missing");
  return {
    producer: { kind: "command", run: commandOf(run ?? ""), file: file ?? null, begins: begins ?? null },
    extension: extensionOf(extension, file, asked),
  };
};

const madeBy: Readonly<Record<Kind, (asked: Asked) => Made>> = {
  tableau: tableauOf,
  postgres: postgresOf,
  sqlite: sqliteOf,
  folder: folderOf,
  command: commandMadeOf,
};

/** What makes a backup's archives; `null` with a mistake noted when it is not exactly one. */
export const producerOf = (asked: Asked): Made | null => {
  const { backup, path, context } = asked;
  const given = kinds.filter((kind) => backup[kind] !== undefined);
  judgeTsmFlags(asked);
  const [kind, second] = given;
  if (kind !== undefined && second === undefined) return madeBy[kind](asked);
  const message =
    kind === undefined
      ? `must have one of ${kinds.join(", ")}; write what is backed up, such as postgres: own`
      : `has both ${given.join(" and ")}; keep one of them, and make a second backup for the other`;
  context.note(path, message, "key");
  return null;
};
