/** A process of its own that starts the embedded Postgres in the folder of its first argument, tells its address, and stays until it is killed. */
import { silentLog } from "#runtime/log.ts";
import { startEmbedded } from "#store/embedded.ts";

const embedded = await startEmbedded({ dir: process.argv[2] ?? "", log: silentLog, fast: true });
process.send?.([embedded.url, embedded.pid()]);
