import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { planSummary } from "#compose/plan/summary.ts";
import { planEmail } from "#compose/plan.ts";
import { compileText, openTemplates } from "#compose/templates.ts";
import { Temporal } from "#model/time.ts";
import { deliveryFor, emailFor, factFor, filesFor, noTexts, partFor } from "../support/emails.ts";

const folder = fileURLToPath(new URL("../../templates/mail", import.meta.url));
const templates = openTemplates(folder);

const morning = (more = {}, files = filesFor()) => templates.fill("morning", planEmail(emailFor(more), noTexts, files));

describe("the templates", () => {
  test("always come as subject, text, HTML and sample", async () => {
    for (const name of await readdir(folder)) {
      expect((await readdir(join(folder, name))).sort()).toEqual([
        "html.mjml.hbs",
        "sample.json",
        "subject.hbs",
        "text.hbs",
      ]);
      const filled = await templates.check(name);
      expect(filled.subject).not.toMatch(/[\r\n{}]/);
      expect(filled.html + filled.text).not.toMatch(/\{\{|\}\}|undefined|\[object|NaN/);
    }
  });

  test("of one's own stand before those that come along, each taken whole", async () => {
    const own = await mkdtemp(join(tmpdir(), "daybreak-own-templates-"));
    onTestFinished(() => rm(own, { recursive: true }));
    await cp(join(folder, "morning"), join(own, "morning"), { recursive: true });
    await writeFile(join(own, "morning", "subject.hbs"), "Ours: {{subject}}");
    const both = openTemplates(own, folder);
    expect((await both.check("morning")).subject).toMatch(/^Ours: /);
    expect((await both.check("summary")).subject).toBe((await templates.check("summary")).subject);
    await rm(join(own, "morning", "text.hbs"));
    await expect(both.check("morning")).rejects.toMatchObject({ code: "compose.template" });
    await expect(both.check("evening")).rejects.toThrow(`there is no such folder in ${own} or ${folder}`);
  });

  test("have samples with the keys of what is really filled in", async () => {
    const sampleOf = async (name: string): Promise<object> =>
      JSON.parse(await readFile(join(folder, name, "sample.json"), "utf8"));
    const email = planEmail(emailFor(), noTexts, filesFor());
    expect(Object.keys(await sampleOf("morning"))).toEqual(Object.keys(email));
    const nominal = Temporal.Instant.from("2026-11-19T06:00:00Z");
    const place = {
      title: "x",
      nominal,
      zones: [],
      zone: "UTC",
      locale: "en",
      counts: {},
      finishedAt: null,
      troubles: [],
      ledgerUrl: null,
    };
    expect(Object.keys(await sampleOf("summary"))).toEqual(Object.keys(planSummary(place)));
  });
});

describe("the morning email", () => {
  test("names its language, shows pictures by content id with size and words, and fetches nothing from outside", async () => {
    const { html } = await morning();
    expect(html).toContain('lang="en"');
    expect(html).toMatch(
      /<img src="cid:picture-1@daybreak" alt="Daily Sales, North, Thursday 19 November: Revenue 12,340, up 4.2%" width="576" height="720"/,
    );
    expect([...html.matchAll(/src="([^"]*)"/g)].map(([, source]) => source)).toEqual(["cid:picture-1@daybreak"]);
    expect(html).not.toMatch(/@import|<link|url\(|<script/i);
    for (const [, address = ""] of html.matchAll(/href="([^"]*)"/g)) expect(address).toMatch(/^https:\/\//);
  });

  test("says the same in plain text as in HTML", async () => {
    const facts = [factFor(), factFor({ label: "Orders", shown: "318" }), factFor({ label: "Units", shown: "77" })];
    const { html, text } = await morning({ notice: "late-data", parts: [partFor({ facts, brokenTiles: ["By day"] })] });
    const words = html
      .replaceAll(/<style[\s\S]*?<\/style>|<[^>]+>/g, " ")
      .replaceAll("&amp;", "&")
      .replaceAll("&#x27;", "'")
      .replaceAll(/\s+/g, " ");
    for (const line of text.split("\n").flatMap((one) => one.split(/: | {2,}| · |\[|\]|— | —| \(|\)/))) {
      const said = line.replace(/^[-*→] ?/, "").trim();
      if (said !== "" && !said.startsWith("--") && !said.startsWith("http")) expect(words).toContain(said);
    }
  });

  test("shows names with markup or braces as they are, in every part, and runs none of them", async () => {
    const odd = `<img src=x onerror=alert(1)> {{constructor}} {{{intro}}} & "O'Brien"`;
    const { html, text, subject } = await morning({
      delivery: deliveryFor({ recipientName: odd, filters: { Region: [odd] } }),
      parts: [partFor({ facts: [factFor({ label: odd })], brokenTiles: [odd] })],
    });
    expect(html).not.toContain("<img src=x");
    expect(html).toContain(
      "&lt;img src&#x3D;x onerror&#x3D;alert(1)&gt; {{constructor}} {{{intro}}} &amp; &quot;O&#x27;Brien&quot;",
    );
    expect(text).toContain(`Good morning, ${odd.slice(0, 40)}`);
    expect(subject).toMatch(/^<img src=x/);
  });

  test("stays below what mail clients cut, with twenty sections of six facts", async () => {
    const facts = Array.from({ length: 6 }, (_, at) => factFor({ name: `f${at}`, label: `Figure number ${at}` }));
    const parts = Array.from({ length: 20 }, (_, at) =>
      partFor({ facts, part: { ...partFor().part, heading: `Region ${at}` } }),
    );
    const pictures = parts.map((_, part) => ({ part, cid: `picture-${part + 1}@daybreak`, width: 576, height: 720 }));
    const { html } = await morning({ parts }, filesFor({ pictures }));
    expect(Buffer.byteLength(html)).toBeLessThan(102_000);
  });

  test("has contrast in both schemes: 4.5 or more for every text", async () => {
    const source = await readFile(join(folder, "morning", "html.mjml.hbs"), "utf8");
    const pairs = [
      ["#1d2530", "#ffffff"],
      ["#5c6672", "#ffffff"],
      ["#5c6672", "#f3f1ec"],
      ["#12744b", "#ffffff"],
      ["#b4281d", "#ffffff"],
      ["#1d2530", "#fdf1e1"],
      ["#1d2530", "#e9f1fa"],
      ["#1d2530", "#f1f2f4"],
      ["#5c6672", "#f7f5f1"],
      ["#4d5663", "#f7f5f1"],
      ["#f3f0ea", "#1b1f26"],
      ["#a9b1bc", "#1b1f26"],
      ["#a9b1bc", "#12151a"],
      ["#74d6a0", "#1b1f26"],
      ["#ff9d92", "#1b1f26"],
      ["#f3f0ea", "#3a2a16"],
      ["#f3f0ea", "#1d2b3d"],
      ["#f3f0ea", "#262b33"],
      ["#c6ccd5", "#232830"],
      ["#a9b1bc", "#232830"],
    ] as const;
    for (const [ink, paper] of pairs) {
      expect(source).toContain(ink);
      expect(source).toContain(paper);
      expect(contrast(ink, paper), `${ink} on ${paper}`).toBeGreaterThanOrEqual(4.5);
    }
  });
});

/** Contrast by WCAG 2. */
const contrast = (one: string, other: string): number => {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].toSorted((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
};

const luminance = (colour: string): number => {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};

describe("a template of one's own", () => {
  const copyOf = async (change: Readonly<Record<string, string>> = {}) => {
    const dir = await mkdtemp(join(tmpdir(), "daybreak-templates-"));
    onTestFinished(() => rm(dir, { recursive: true, force: true }));
    await cp(join(folder, "summary"), join(dir, "own"), { recursive: true });
    for (const [file, text] of Object.entries(change)) await writeFile(join(dir, "own", file), text);
    return { dir, templates: openTemplates(dir) };
  };

  test("is used at once when its files change", async () => {
    const { dir, templates: own } = await copyOf({ "text.hbs": "one" });
    expect((await own.check("own")).text).toBe("one\n");
    await writeFile(join(dir, "own", "text.hbs"), "two");
    expect((await own.check("own")).text).toBe("two\n");
  });

  test.each([
    ["a missing variable", { "text.hbs": "{{titel}}" }, /own\/text\.hbs: it wants the variable “titel”/],
    ["a missing variable in a condition", { "subject.hbs": "{{#if titel}}x{{/if}}" }, /own\/subject\.hbs.*“titel”/],
    ["a missing variable in a loop", { "text.hbs": "{{#each rows}}{{recipent}}{{/each}}" }, /“recipent”/],
    ["an inherited name", { "text.hbs": "{{constructor}}" }, /“constructor”/],
    ["a block that isn't closed", { "text.hbs": "{{#if title}}x" }, /own\/text\.hbs: Parse error/],
    [
      "MJML that isn't",
      { "html.mjml.hbs": "<mjml><mj-body><mj-nope /></mj-body></mjml>" },
      /own\/html\.mjml\.hbs.*mj-nope/,
    ],
  ])("with %s is refused, naming the file", async (_, change, words) => {
    const { templates: own } = await copyOf(change as Readonly<Record<string, string>>);
    await expect(own.check("own")).rejects.toMatchObject({
      code: "compose.template",
      message: expect.stringMatching(words),
    });
  });

  test.each(["nowhere", "../mail/morning", ""])("that isn't there is refused: %j", async (name) => {
    await expect(templates.fill(name, {})).rejects.toMatchObject({ code: "compose.template" });
  });
});

describe("a report's own text", () => {
  const fill = (source: string, view: object) => compileText("daily-sales.subject", source, "plain")(view);

  test("is filled with values, not with templates in values", () => {
    expect(
      fill("{{filter.Region}} {{facts.revenue}} for {{name}}", {
        filter: { Region: "N & S" },
        facts: { revenue: "12" },
        name: "{{title}}",
        title: "no",
      }),
    ).toBe("N & S 12 for {{title}}");
  });

  test("may ask whether there is a value, and name filters with spaces", () => {
    expect(fill("{{#if a}}yes{{else}}no{{/if}} {{filter.[Ship To]}}", { a: "", filter: { "Ship To": "x" } })).toBe(
      "no x",
    );
  });

  test.each([
    "{{facts.turnover}}",
    "{{__proto__}}",
    "{{facts.constructor.name}}",
    "{{name.length}}",
    "{{#if x}}{{/if}}",
    "{{lookup facts 'toString'}}",
  ])("can't reach what isn't given: %s", (source) => {
    expect(() => fill(source, { facts: {}, name: "Anna" })).toThrow(
      expect.objectContaining({ code: "compose.template" }),
    );
  });
});
