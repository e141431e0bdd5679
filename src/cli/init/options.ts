import { Fault } from "#model/fault.ts";

/** What `init` was told on the command line. */
export interface InitOptions {
  readonly server?: string;
  readonly user?: string;
  readonly passwordFrom?: string;
  readonly tokenFrom?: string;
  readonly to?: string;
  readonly view?: string;
  readonly filter?: string;
  readonly at?: string;
  readonly yes?: boolean;
  readonly force?: boolean;
}

/** A fault for what must be said when nobody can be asked. */
export const needed = (option: string, what: string): Fault =>
  new Fault("usage", `${what} must be given, since nobody can be asked here.`, { hint: `say it: ${option}` });

/** `Region=North,South` → its name and values; commas in a value are written `\,`. */
export const readFilter = (text: string): { readonly name: string; readonly values: readonly string[] } => {
  const at = text.indexOf("=");
  const name = at < 1 ? "" : text.slice(0, at).trim();
  const values = text
    .slice(at + 1)
    .split(/(?<!\\),/)
    .map((value) => value.replaceAll("\\,", ",").trim())
    .filter((value) => value !== "");
  if (name !== "" && values.length > 0) return { name, values };
  throw new Fault("usage", `“${text}” is no filter.`, { hint: "write it as Region=North, or Region=North,South" });
};
