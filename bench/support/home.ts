import { fileURLToPath } from "node:url";

/** The folder where the project keeps its browser, and what only benches need. */
export const home = fileURLToPath(new URL("../../.daybreak", import.meta.url));
