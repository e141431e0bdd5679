import { expect, test } from "vitest";
import { resume, stop } from "#actions/stop.ts";
import { Fault } from "#model/fault.ts";
import type { Mailer } from "#send/port.ts";
import { openPosting } from "../support/posting.ts";
import { reportNamed } from "../support/reports.ts";

/** A mailer that refuses for now, after something happened while the email was on the wire. */
const refusing = (meanwhile: () => Promise<unknown>) => {
  const taken: (readonly string[])[] = [];
  let isFirst = true;
  const mailer: Mailer = {
    name: "kept",
    send: async ({ recipients }) => {
      if (!isFirst) {
        taken.push(recipients);
        return { words: "taken", accepted: recipients, rejected: [] };
      }
      isFirst = false;
      await meanwhile();
      throw new Fault("send.temporary", "try again", { hint: "It is tried again by itself.", retry: "later" });
    },
    confirm: async () => "cannot-say",
    verify: async () => {},
    close: async () => {},
  };
  return { mailer, taken };
};

test("an email that was on the wire when its slot was stopped, and was refused for now, isn't tried again", async () => {
  const stopping = { now: async (): Promise<unknown> => undefined };
  const { mailer, taken } = refusing(() => stopping.now());
  await using posting = await openPosting(mailer);
  const id = await posting.compose("anna");
  const { slotId: target, pool, clock } = posting;
  await pool.query("update report_versions set definition = $1", [JSON.stringify(reportNamed("sales"))]);
  let stopped: Awaited<ReturnType<typeof stop>> | null = null;
  stopping.now = async () => {
    stopped = await stop({ target, by: "test", reason: "wrong figures" }, { pool, clock });
  };
  await posting.postAll(1);
  expect(stopped).toMatchObject({ deliveries: 0, inFlight: { sending: 1 } });
  clock.move(3_600_000);
  await posting.postAll(1);
  expect(taken).toEqual([]);
  expect(await posting.delivery(id)).toMatchObject({ state: "composed", attempts: 1 });
  expect((await resume({ target, by: "test" }, { pool, clock })).deliveries).toBe(1);
  await posting.postAll(1);
  expect(taken).toEqual([["anna@example.com"]]);
});
