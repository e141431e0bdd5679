/** Parts for what an operator asks for, made from an open app. */
import { randomUUID } from "node:crypto";
import type { CorrectParts } from "#actions/correct.ts";
import type { SendParts } from "#actions/send.ts";
import type { App } from "#app.ts";

/** What `draftRequest` and `requestSend` use. */
export const sendParts = (app: App): SendParts & CorrectParts => ({
  pool: app.pool,
  clock: app.clock,
  holidaysOn: app.holidays.on,
  readLists: app.parts.readLists,
  putDrafts: app.putDrafts,
  newId: randomUUID,
});
