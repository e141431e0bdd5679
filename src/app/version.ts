import { readFileSync } from "node:fs";

/** This program's version, as `package.json` names it. */
export const programVersion = (): string => {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { readonly version: string }).version;
};
