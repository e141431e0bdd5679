import { expect, test } from "vitest";
import { emailsOf } from "../support/crowd.ts";
import { openMorning } from "../support/morning.ts";
import { startSink } from "../support/sink.ts";

const people = `email,name,region
anna@example.com,Anna Berger,North
bén@example.org,Ben Carter,South
cleo@other.example,Cleo Dumont,North
`;
const report = { owner: "boss@other.example" };
const copies = `insert into copies (recipient_id, kind, email)
  select id, 'cc', 'deputy@other.example' from recipients where email = 'anna@example.com'
  union all select id, 'bcc', 'archive@example.com' from recipients where email = 'anna@example.com'
  union all select id, 'instead', 'stand-in@other.example' from recipients where email = 'bén@example.org'`;

const lived = async (rules: Readonly<Record<string, unknown>>) => {
  await using stack = new AsyncDisposableStack();
  const sink = stack.use(await startSink());
  const mail = { from: "bi@example.com", via: sink.url, ...rules };
  const morning = stack.use(
    await openMorning({ people, report, config: { mail, alerts: { email: "ops@other.example" } } }),
  );
  // The copies are of people who are known before the morning.
  for (const one of morning.app.config.reports) await morning.app.parts.readLists(one);
  await morning.pool.query(copies);
  const deliveries = await morning.live();
  const emails = await emailsOf(sink);
  return { deliveries, emails, envelopes: sink.messages.flatMap(({ to }) => to) };
};

test("with redirectTo everything goes to one mailbox: deliveries, copies, the owner's summary", async () => {
  const { deliveries, emails, envelopes } = await lived({ redirectTo: "test@example.com" });
  expect(deliveries.map(({ state }) => state)).toEqual(["sent", "sent", "sent"]);
  expect(new Set(envelopes)).toEqual(new Set(["test@example.com"]));
  for (const email of emails) {
    expect(email.to).toEqual(["test@example.com"]);
    expect(email.cc).toEqual([]);
    expect(email.subject).toMatch(/^\[staging/);
  }
  const anna = emails.find(({ subject }) => subject.startsWith("[staging, for anna@example.com] "));
  expect(anna?.headers.get("x-daybreak-original-to")).toBe(
    "anna@example.com, deputy@other.example, archive@example.com",
  );
  expect(anna?.text).toContain("Anna Berger");
  expect(anna?.files.some(({ name }) => name.endsWith(".csv"))).toBe(true);
  expect(emails.some(({ subject }) => subject.startsWith("[staging, for boss@other.example]"))).toBe(true);
});

test("with onlyTo nobody else gets anything, neither as copy nor as owner nor in place of somebody", async () => {
  const { deliveries, emails, envelopes } = await lived({ onlyTo: ["example.com", "nobody@other.example"] });
  expect(envelopes.toSorted()).toEqual(["anna@example.com", "archive@example.com"]);
  expect(emails).toHaveLength(1);
  expect(emails[0]?.raw.toString("latin1").split("\r\n\r\n")[0]).toMatch(
    /^To: anna@example\.com,\r\n archive@example\.com/m,
  );
  expect(emails[0]?.cc).toEqual([]);
  const skipped = deliveries.filter(({ state }) => state === "skipped").map(({ reason }) => reason);
  expect(skipped.toSorted()).toEqual([
    "mail to cleo@other.example does not leave here (mail.onlyTo)",
    "mail to stand-in@other.example does not leave here (mail.onlyTo)",
  ]);
});
