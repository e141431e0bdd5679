/** `node copy-sqlite.ts FROM TO`: copies an SQLite database that may be in use, checks the copy, and says SQLite's version. */
import { backup, DatabaseSync } from "node:sqlite";

const [from = "", to = ""] = process.argv.slice(2);

/** Pages at a time: between two of them writers of the database get their turn. */
const PAGES = 1_000;

using source = new DatabaseSync(from, { readOnly: true, timeout: 60_000 });
await backup(source, to, { rate: PAGES });

using copy = new DatabaseSync(to);
// The copy must stand alone: with a write-ahead log it would be two files.
copy.exec("pragma journal_mode = delete");
const verdict = copy.prepare("pragma quick_check(3)").all();
const words = verdict.map((row) => String(Object.values(row)[0]));
const version = Object.values(copy.prepare("select sqlite_version()").get() ?? {})[0];
if (words.join() === "ok") {
  process.stdout.write(`SQLite ${String(version)}\n`);
} else {
  process.stderr.write(`the database is damaged: ${words.join("; ")}\n`);
  process.exitCode = 1;
}
