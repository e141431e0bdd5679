import { statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Context } from "#config/resolve/context.ts";

/** The folder of the installation's own mail templates: the one that is named, else ./templates/mail beside the file where there is one. */
export const templatesOf = (context: Context): string | null => {
  const { dir, written } = context;
  if (written.templates === undefined) {
    const usual = join(dir, "templates", "mail");
    return isFolder(usual) ? usual : null;
  }
  const named = resolve(dir, written.templates);
  if (!isFolder(named)) context.note(["templates"], "names no folder; make it, with a folder for each template in it");
  return named;
};

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
