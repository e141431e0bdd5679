import { PDFDocument } from "pdf-lib";
import sharp from "sharp";
import { expect, test } from "vitest";
import { euros, lineOfRow, linesOf, ordersOf, revenueOf } from "../support/ledger.ts";
import { type Morning, openMorning, usualDay } from "../support/morning.ts";
import { type Email, fileWith, only, rowsOf, textOf } from "../support/outbox.ts";

const people = `email,name,region,filters,zone
anna@example.com,Anna Berger,North,,
jonas@example.com,Jonas Weber,North,,
ingrid@example.com,Ingrid Vogel,North,,
ingrid@example.com,Ingrid Vogel,East,,
ben@example.com,Ben Carter,South,,
grete@example.com,Grete Huber,Alpine & Lakes,,
karin@example.com,Karin Lund,,all,
noah@example.com,Noah Klein,Atlantis,,
liam@example.com,Liam Murphy,South,,
mia@example,Mia Rossi,East,,
`;

const facts = [
  { name: "revenue", label: "Revenue", csv: "sum(Revenue)", currency: "EUR", decimals: 0 },
  { name: "orders", label: "Orders", csv: "sum(Orders)" },
];

/** Views that were asked for: their filters as text, with how often. */
const askedFor = ({ sample }: Morning, ending: "" | ".csv"): Readonly<Record<string, number>> => {
  const asked = sample.requests.filter(
    ({ path }) => path === `/views/Daily Sales Report/Yesterday Sales Summary${ending}`,
  );
  const texts = asked.map(({ query }) => (query["Region"] ?? ["all"]).join("+"));
  return Object.fromEntries(
    [...new Set(texts)].sort().map((text) => [text, texts.filter((one) => one === text).length]),
  );
};

const linesIn = (email: Email): readonly string[] => rowsOf(fileWith(email, "csv").bytes).map(lineOfRow).sort();

test("on an ordinary morning each gets the own figures once, and what two share is drawn once", async () => {
  await using morning = await openMorning({
    people,
    report: { facts, formats: ["png", "pdf", "csv", "xlsx"], split: "sections", owner: "owner@example.com" },
  });
  const { app, pool } = morning;
  await app.parts.readLists(app.config.reports[0] ?? expect.fail("no report"));
  await pool.query(
    `insert into copies (recipient_id, kind, email) select id, 'cc', 'stand.in@example.com' from recipients where name = 'Grete Huber'`,
  );
  await pool.query(`update recipients set paused_until = '${usualDay}' where name = 'Liam Murphy'`);

  const deliveries = await morning.live();

  expect(deliveries.map(({ recipientName, state, reason }) => [recipientName, state, reason])).toEqual([
    ["Anna Berger", "sent", null],
    ["Ben Carter", "sent", null],
    ["Grete Huber", "sent", null],
    ["Ingrid Vogel", "sent", null],
    ["Jonas Weber", "sent", null],
    ["Karin Lund", "sent", null],
    ["Liam Murphy", "skipped", "paused until 2026-11-20"],
    ["Mia Rossi", "skipped", expect.stringContaining("“example” has no dot")],
    ["Noah Klein", "sent", null],
  ]);

  const emails = await morning.emails();
  expect(emails.flatMap(({ to }) => to).sort()).toEqual(
    ["anna", "ben", "grete", "ingrid", "jonas", "karin", "noah", "owner"].map((name) => `${name}@example.com`),
  );
  const once = { "Alpine & Lakes": 1, Atlantis: 1, East: 1, North: 1, South: 1, all: 1 };
  expect(askedFor(morning, "")).toEqual(once);
  expect(askedFor(morning, ".csv")).toEqual(once);

  for (const [name, wanted] of [
    ["anna", { Region: ["North"] }],
    ["jonas", { Region: ["North"] }],
    ["ben", { Region: ["South"] }],
    ["grete", { Region: ["Alpine & Lakes"] }],
    ["karin", {}],
  ] as const) {
    const email = only(emails, `${name}@example.com`);
    expect(email.subject).toContain(euros(revenueOf(usualDay, wanted)));
    expect(email.text).toContain(String(ordersOf(usualDay, wanted).length));
    expect(linesIn(email)).toEqual(linesOf(usualDay, wanted));
    expect(await PDFDocument.load(fileWith(email, "pdf").bytes).then((pdf) => pdf.getPageCount())).toBeGreaterThan(0);
    expect(textOf(fileWith(email, "xlsx").bytes, "xl/worksheets/sheet1.xml").match(/<row /g)).toHaveLength(
      linesOf(usualDay, wanted).length + 1,
    );
    const picture = await sharp(fileWith(email, "png").bytes).metadata();
    expect(picture.width).toBe(350);
  }
  expect(fileWith(only(emails, "anna@example.com"), "png").bytes).toEqual(
    fileWith(only(emails, "jonas@example.com"), "png").bytes,
  );
  expect(only(emails, "grete@example.com").cc).toEqual(["stand.in@example.com"]);

  const ingrid = only(emails, "ingrid@example.com");
  expect(ingrid.files.filter(({ isInline }) => isInline)).toHaveLength(2);
  for (const region of ["North", "East"]) {
    expect(ingrid.text).toContain(euros(revenueOf(usualDay, { Region: [region] })));
    const csv = ingrid.files.find(({ name }) => name === `daily-sales_${region}_${usualDay}.csv`);
    expect(
      rowsOf(csv?.bytes ?? Buffer.of())
        .map(lineOfRow)
        .sort(),
    ).toEqual(linesOf(usualDay, { Region: [region] }));
  }

  const noah = only(emails, "noah@example.com");
  expect(noah.text).toContain("No rows for Region: Atlantis");
  expect(noah.files).toEqual([]);

  const summary = only(emails, "owner@example.com");
  expect(summary.text).toContain("Mia Rossi");
  expect(summary.text).toContain("7 emails were sent");
});
