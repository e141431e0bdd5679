import { expect, test } from "vitest";
import { openMorning } from "../support/morning.ts";
import { only, to } from "../support/outbox.ts";

/** The title that readers see of the view's chart. */
const tile = "Revenue, last 30 days";

const people =
  "email,name,region\nanna@example.com,Anna Berger,North\nben@example.com,Ben Carter,South\ndaan@example.com,Daan Jansen,East\n";

test("a tile that fails or never comes stops only its own emails, or is named in them where the report says so", async () => {
  await using morning = await openMorning({
    people,
    limits: { renderAttempts: 1 },
    report: { title: "Strict", settleTimeoutMs: 4_000 },
    reports: { lenient: { title: "Lenient", settleTimeoutMs: 4_000, brokenTile: "send-with-note" } },
  });
  morning.sample.misbehave({ kind: "tile-never-loads", when: { Region: ["South"] } });
  morning.sample.misbehave({ kind: "tile-error", when: { Region: ["East"] } });
  const deliveries = await morning.live();

  expect(deliveries.map(({ recipientName, report, state, reason }) => [recipientName, report, state, reason])).toEqual([
    ["Anna Berger", "daily-sales", "sent", null],
    ["Anna Berger", "lenient", "sent", null],
    ["Ben Carter", "daily-sales", "failed", expect.stringContaining(tile)],
    ["Ben Carter", "lenient", "sent", null],
    ["Daan Jansen", "daily-sales", "failed", expect.stringContaining(tile)],
    ["Daan Jansen", "lenient", "sent", null],
  ]);
  const emails = await morning.emails();
  expect(to(emails, "anna@example.com").map(({ text }) => text.includes("incomplete"))).toEqual([false, false]);
  for (const address of ["ben@example.com", "daan@example.com"]) {
    const email = only(emails, address);
    expect(email.subject).toContain("Lenient");
    expect(email.text).toContain(`Not everything could be drawn today: “${tile}”`);
  }
});
