import { describe, expect, test } from "vitest";
import type { EmailInput, PartInput } from "#compose/plan/email.ts";
import { planEmail, sizeInWords } from "#compose/plan.ts";
import { Temporal } from "#model/time.ts";
import { deliveryFor, emailFor, factFor, filesFor, noTexts, partFor, reportFor } from "../support/emails.ts";

const plan = (more: Partial<EmailInput> = {}, texts = noTexts, files = filesFor()) =>
  planEmail(emailFor(more), texts, files);
const withPart = (more: Partial<PartInput>, email: Partial<EmailInput> = {}) =>
  plan({ ...email, parts: [partFor(more)] });
describe("an email", () => {
  test("of one picture has everything a reader needs, in words", () => {
    expect(plan()).toEqual({
      language: "en",
      subject: "North 12,340 ▲ 4.2% · Daily Sales · Thu 19 Nov",
      preheader: "Data as of Thursday 19 November, 06:40",
      title: "Daily Sales",
      date: "Thursday, 19 November 2026",
      audience: "Region: North",
      asOf: "Data as of Thursday 19 November, 06:40",
      greeting: "Good morning, Anna Berg.",
      intro: [],
      notices: [],
      overview: null,
      sections: [
        {
          heading: null,
          filters: null,
          notes: [],
          lead: {
            label: "Revenue",
            shown: "12,340",
            change: "▲ 4.2%",
            against: "vs Wed 18 Nov",
            tone: "good",
            long: false,
            last: false,
          },
          facts: [],
          columns: 2,
          against: null,
          picture: {
            part: 0,
            cid: "picture-1@daybreak",
            alt: "Daily Sales, North, Thursday 19 November: Revenue 12,340, up 4.2%",
            width: 576,
            height: 720,
          },
          link: "https://bi.example.com/views/sales?Region=North",
        },
      ],
      openLive: "Open the live dashboard",
      attached: { title: "Attached", files: [{ name: "daily-sales_North_2026-11-19.csv", kind: "CSV", size: "9 kB" }] },
      footer: [
        { title: "Why you get this", text: "You are on the list of “Daily Sales”." },
        { title: "Questions", text: "Reply to this email or write to sales-desk@example.com." },
      ],
      stop: null,
    });
  });

  test("is in the recipient's language, locale and zone", () => {
    const view = plan({ delivery: deliveryFor({ locale: "de-DE", zone: "America/New_York" }) });
    expect(view).toMatchObject({
      language: "de",
      title: "Tagesumsatz",
      date: "Donnerstag, 19. November 2026",
      greeting: "Guten Morgen, Anna Berg.",
      openLive: "Dashboard öffnen",
    });
    expect(view.asOf).toBe("Datenstand Donnerstag, 19. November, 00:40");
  });

  test.each([
    ["ja-JP", "Anna Berg 様、おはようございます。", "North 12,340 ▲ 4.2% · Daily Sales · 11月19日(木)"],
    ["nl", "Goedemorgen, Anna Berg.", "North 12,340 ▲ 4.2% · Daily Sales · do 19 nov"],
  ])("speaks %s", (locale, greeting, subject) => {
    expect(plan({ delivery: deliveryFor({ locale }) })).toMatchObject({ greeting, subject });
  });

  test("says whose figures they are where somebody sees everything, since no filter stands under the title", () => {
    const view = plan({ delivery: deliveryFor({ filters: "all" }) });
    expect(view).toMatchObject({ audience: null, footer: [{ title: "Shown", text: "everything" }, {}, {}] });
  });

  test("in a language without words of its own is English with that locale's figures and dates", () => {
    expect(plan({ delivery: deliveryFor({ locale: "fr-FR" }) })).toMatchObject({
      language: "en",
      date: "jeudi 19 novembre 2026",
    });
  });

  test.each([
    ["2026-11-19T06:00:00Z", "Good morning"],
    ["2026-11-19T11:00:00Z", "Good afternoon"],
    ["2026-11-19T19:00:00Z", "Good evening"],
  ])("at %s begins with %s in Berlin", (at, words) => {
    expect(plan({ delivery: deliveryFor({ nominal: Temporal.Instant.from(at) }) }).greeting).toContain(words);
  });

  test("takes the report's own texts, an intro by paragraphs", () => {
    const view = plan(
      {},
      { subject: "Sales for Anna", greeting: "Hi", intro: "One\nline.\n\nTwo.", contact: "Ask Jo." },
    );
    expect(view).toMatchObject({ subject: "Sales for Anna", greeting: "Hi", intro: ["One line.", "Two."] });
    expect(view.footer.at(-1)).toEqual({ title: null, text: "Ask Jo." });
  });

  test("refuses a line break in the subject, whoever brings it", () => {
    expect(() => plan({}, { ...noTexts, subject: "Sales\nBcc: x@example.com" })).toThrow(/subject/);
    expect(() => plan({ report: reportFor({ title: "Daily\r\nSales" }) })).toThrow(/subject/);
  });

  test("has a preheader of further figures, not of the first again", () => {
    const facts = [
      factFor(),
      factFor({ label: "Orders", shown: "318", change: null }),
      factFor({ label: "Units", shown: "9" }),
    ];
    expect(withPart({ facts }).preheader).toBe("Orders 318 · Units 9 ▲ 4.2%");
  });

  test("without anything to say beforehand still has a preheader", () => {
    expect(plan({ dataAsOf: null }, noTexts, filesFor({ attachments: [] })).preheader).toBe(
      "Thursday, 19 November 2026",
    );
  });

  test("shows no link that is no web address", () => {
    expect(withPart({ link: "javascript:alert(1)" }).sections[0]?.link).toBeNull();
  });

  test("cuts a list of five hundred filter values", () => {
    const filters = { Shop: Array.from({ length: 500 }, (_, at) => `Shop ${at}`) };
    const view = plan({ delivery: deliveryFor({ filters }) });
    expect(view.audience?.length).toBeLessThanOrEqual(220);
    expect(view.subject).toMatch(/^Shop 0 \+499 more/);
  });

  test("can be stopped where there is an address for it", () => {
    expect(plan({ stopUrl: "https://x.example.com/stop" }).stop).toEqual({
      url: "https://x.example.com/stop",
      words: "Stop this email",
    });
  });
});

describe("an email of several sections", () => {
  const section = (heading: string, shown: string) =>
    partFor({
      part: { ...partFor().part, heading, filters: { Region: [heading] } },
      facts: [factFor({ shown }), factFor({ label: "Orders" })],
    });
  const filters = { Region: ["North", "East", "West"] };
  const parts = [section("North", "38,843"), section("East", "21,233"), section("West", "21,492")];

  test("names in its subject no figure under another's name", () => {
    const subject = (count: number, title = "Daily Sales") =>
      plan({
        delivery: deliveryFor({ filters }),
        report: reportFor({ title }),
        parts: parts.slice(0, count),
      }).subject;
    expect(subject(2)).toBe("North 38,843, East 21,233 · Daily Sales · Thu 19 Nov");
    expect(subject(3)).toBe("North 38,843 ▲ 4.2%, +2 more · Daily Sales · Thu 19 Nov");
    expect(subject(3, "Sales of yesterday")).toBe("North 38,843, +2 more · Sales of yesterday · Thu 19 Nov");
  });

  test("takes a section that has figures before one that has none", () => {
    const empty = { ...section("North", "0"), rows: 0 };
    const view = plan({ delivery: deliveryFor({ filters }), parts: [empty, ...parts.slice(1)] });
    expect(view.subject).toMatch(/^East 21,233/);
    expect(view.overview?.rows.map(({ heading }) => heading)).toEqual(["East", "West"]);
  });

  test("goes on in its preheader with the figures that its subject doesn't name", () => {
    const moved = (heading: string, shown: string, at: number) => ({
      ...section(heading, shown),
      facts: [factFor({ shown, change: { shown: `▲ ${at}.0%`, against: "", tone: "good" } })],
    });
    const preheader = (one: string, other: string) =>
      plan({ delivery: deliveryFor({ filters }), parts: [moved(one, "38,843", 1), moved(other, "21,233", 2)] })
        .preheader;
    expect(preheader("North", "East")).toBe("North ▲ 1.0% · East ▲ 2.0%");
    expect(preheader("Northern lakes", "Southern hills")).toBe("Southern hills 21,233 ▲ 2.0%");
  });

  test("begins with all of their first figures at a glance", () => {
    expect(plan({ delivery: deliveryFor({ filters }), parts: parts.slice(0, 2) }).overview).toEqual({
      label: "Revenue",
      against: "vs Wed 18 Nov",
      rows: [
        { heading: "North", shown: "38,843", change: "▲ 4.2%", tone: "good" },
        { heading: "East", shown: "21,233", change: "▲ 4.2%", tone: "good" },
      ],
    });
  });

  test("has no overview of figures that aren't the same", () => {
    const other = section("East", "9");
    const units = { ...other, facts: [factFor({ label: "Units" })] };
    expect(plan({ delivery: deliveryFor({ filters }), parts: [section("North", "1"), units] }).overview).toBeNull();
  });
});

describe("trouble in the reader's words", () => {
  test("late data is a band with the day of the figures", () => {
    const view = plan({ notice: "late-data", dataAsOf: "2026-11-18" });
    const words = "These are the figures of Wednesday 18 November. Today's data was loaded late.";
    expect(view.notices).toEqual([{ tone: "late", title: null, text: words }]);
    expect(view.preheader).toBe(words);
    expect(view.asOf).toBeNull();
  });

  test("late data of an unknown day says so", () => {
    expect(plan({ notice: "late-data", dataAsOf: null }).notices[0]?.text).toContain("the last figures there were");
  });

  test("a late note comes without sections and without a figure in the subject", () => {
    const view = plan({ notice: "late-note" }, noTexts, filesFor({ pictures: [], attachments: [] }));
    expect(view.sections).toEqual([]);
    expect(view.subject).toBe("North · Daily Sales · Thu 19 Nov");
    expect(view.notices[0]?.text).toContain("were not ready in time");
    expect(view.asOf).toBeNull();
  });

  test("a part without rows says so in place of figures and picture", () => {
    const view = withPart({ rows: 0 });
    expect(view.sections[0]).toMatchObject({
      lead: null,
      picture: null,
      notes: [expect.stringContaining("No rows for Region: North.")],
    });
    expect(view.subject).toBe("North: no rows · Daily Sales · Thu 19 Nov");
  });

  test("a part without rows is sent as it is when the report says so", () => {
    const view = withPart({ rows: 0, report: reportFor({ empty: "send" }) });
    expect(view.sections[0]?.picture).not.toBeNull();
    expect(view.sections[0]?.notes).toEqual([]);
  });

  test("a broken tile is named beside the rest", () => {
    const view = withPart({ brokenTiles: ["Revenue by day", "x".repeat(300)] });
    expect(view.sections[0]?.notes[0]).toMatch(
      /^Not everything could be drawn today: “Revenue by day”, “x+…” is missing/,
    );
    expect(view.sections[0]?.picture).not.toBeNull();
  });

  test("a view that could not be drawn is named where it would stand", () => {
    expect(withPart({ missing: true }).sections[0]).toMatchObject({
      picture: null,
      notes: ["“Daily Sales” could not be drawn today and is missing here."],
    });
  });

  test("a trial says so to whoever tries it", () => {
    expect(plan({ delivery: deliveryFor({ trial: true }) }).notices[0]).toMatchObject({
      tone: "trial",
      title: "Trial",
    });
  });

  test.each([
    [["palette", "jpeg"], []],
    [["small-jpeg"], ["The picture is shown at a lower quality to keep this email small."]],
    [["small-jpeg", "without-pictures"], ["The picture was left out, since the email would have become too large."]],
    [
      ["without-xlsx", "without-csv"],
      [expect.stringContaining("Excel"), expect.stringContaining("CSV")],
    ],
  ] as const)("a size budget that took %j tells %j", (steps, texts) => {
    expect(plan({}, noTexts, filesFor({ steps })).notices.map(({ text }) => text)).toEqual(texts);
  });

  test("a picture that only the PDF has is to be found there", () => {
    const files = filesFor({
      pictures: [],
      steps: ["without-pictures"],
      attachments: [{ name: "a.pdf", kind: "pdf", bytes: 1 }],
    });
    expect(plan({}, noTexts, files).notices[0]?.text).toContain("in the attached PDF");
  });
});

test.each([
  [1, "en", "1 kB"],
  [142_300, "en", "142 kB"],
  [1_240_000, "de", "1,2 MB"],
])("%d bytes in %s are %s", (bytes, locale, words) => {
  expect(sizeInWords(bytes, locale).replaceAll(/[\u00a0\u202f]/g, " ")).toBe(words);
});
