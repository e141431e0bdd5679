import { line, section, whole } from "#config/schema/values.ts";

/** `http`: where a running Daybreak answers over HTTP. */
export const http = () =>
  section({
    port: whole(1, 65_535)
      .optional()
      .describe("Port at which it answers /livez, /readyz, /metrics and webhooks. Default: none."),
    host: line("an address of this machine")
      .prefault("127.0.0.1")
      .describe("Address that it listens at; 0.0.0.0 is every address of this machine."),
  }).prefault({});
