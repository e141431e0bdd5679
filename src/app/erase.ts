import { outboxOf } from "#app/mail.ts";
import { removeOwed } from "#app/tidy.ts";
import type { App } from "#app.ts";
import { type PutDown, removePutDown } from "#send/mailers/folder-files.ts";

/** What an erasing needs of files and archives. */
export const erasureOf = ({ config, pool, artifacts }: Pick<App, "config" | "pool" | "artifacts">) => ({
  removeOwed: (paths: readonly string[]) => removeOwed(paths, { pool, artifacts }),
  removeFiles: (emails: readonly PutDown[]) => removePutDown(outboxOf(config), emails),
  // Whatever is dumped from a Postgres may be this one: better one too many is named than one too few.
  ownBackups: config.backups
    .filter(({ producer }) => producer.kind === "own" || producer.kind === "postgres")
    .map(({ name }) => name),
});
