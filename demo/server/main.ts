import { parseArgs } from "node:util";
import { startSampleServer } from "./server.ts";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "8088" },
    today: { type: "string" },
    user: { type: "string" },
    password: { type: "string" },
  },
});

const { port, ...given } = values;
await using server = await startSampleServer({ port: Number(port), ...given });
console.log(`Sample report server: ${server.url}  (sign in as ${server.user} / ${server.password})`);

const { promise: asked, resolve } = Promise.withResolvers<unknown>();
process.once("SIGINT", resolve);
process.once("SIGTERM", resolve);
await asked;
