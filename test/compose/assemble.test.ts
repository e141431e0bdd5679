import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import { assemble, textsOf } from "#compose/assemble.ts";
import type { Packing, PartFiles } from "#compose/parcel.ts";
import { openPictures } from "#compose/pictures.ts";
import type { EmailInput } from "#compose/plan/email.ts";
import { tableOf } from "#compose/tables.ts";
import { openTemplates } from "#compose/templates.ts";
import type { Format } from "#model/people.ts";
import { deliveryFor, emailFor, partFor, reportFor } from "../support/emails.ts";

const desk = {
  templates: openTemplates(fileURLToPath(new URL("../../templates/mail", import.meta.url))),
  pictures: openPictures(),
};
const csv = Buffer.from("Region,Revenue\r\nNorth,12340\r\n");
const every: readonly Format[] = ["png", "pdf", "csv", "xlsx"];

let png: Buffer;
let photo: Buffer;
beforeAll(async () => {
  png = await sharp({ create: { width: 2400, height: 1800, channels: 3, background: "#fff" } })
    .png()
    .toBuffer();
  const noise = Buffer.alloc(1000 * 800 * 3);
  let seed = 7;
  for (let at = 0; at < noise.length; at += 1) {
    seed ^= seed << 13;
    seed ^= seed >>> 17;
    seed ^= seed << 5;
    noise[at] = seed;
  }
  photo = await sharp(noise, { raw: { width: 1000, height: 800, channels: 3 } })
    .png()
    .toBuffer();
});

const packing = (
  more: {
    readonly input?: Partial<EmailInput>;
    readonly files?: PartFiles["files"];
    readonly budgetBytes?: number;
  } = {},
): Packing => {
  const input = emailFor({ delivery: deliveryFor({ formats: every }), ...more.input });
  const files = more.files ?? {
    png: { sha256: "flat", bytes: png },
    pdf: { sha256: "pdf", bytes: Buffer.from("%PDF") },
    csv: { sha256: "csv", bytes: csv },
  };
  const gathered = input.parts.map((part) => ({
    input: part,
    files,
    table: files.csv === undefined ? null : tableOf(files.csv.bytes),
  }));
  return { input, gathered, budgetBytes: more.budgetBytes ?? 8_000_000 };
};

const namesOf = (parts: readonly { readonly fileName: string }[]) => parts.map(({ fileName }) => fileName);

describe("an assembled email", () => {
  test("has the picture in its text and the files beside it, named for people", async () => {
    const letter = await assemble(packing(), desk);
    expect(letter.subject).toBe("North 12,340 ▲ 4.2% · Daily Sales · Thu 19 Nov");
    expect(namesOf(letter.inline)).toEqual(["daily-sales_North_2026-11-19.png"]);
    expect(namesOf(letter.attachments)).toEqual(
      ["pdf", "xlsx", "csv"].map((kind) => `daily-sales_North_2026-11-19.${kind}`),
    );
    expect(letter.html).toContain('src="cid:picture-1@daybreak"');
    expect(letter.html).toContain('width="576" height="432"');
    expect(letter.steps).toEqual([]);
  });

  test("has only the formats that were asked for", async () => {
    const letter = await assemble(packing({ input: { delivery: deliveryFor({ formats: ["csv"] }) } }), desk);
    expect([...namesOf(letter.inline), ...namesOf(letter.attachments)]).toEqual(["daily-sales_North_2026-11-19.csv"]);
    expect(letter.html).not.toContain("<img");
  });

  test("has no files of a part without rows or without a picture", async () => {
    for (const part of [partFor({ rows: 0 }), partFor({ missing: true })]) {
      const letter = await assemble(
        packing({ input: { parts: [part], delivery: deliveryFor({ formats: every }) } }),
        desk,
      );
      expect([...letter.inline, ...letter.attachments]).toEqual([]);
      expect(letter.text).toMatch(/No rows for Region: North|could not be drawn today/);
    }
  });

  test("has different names for the files of its sections", async () => {
    const sections = ["North", "a/b", "A-B"].map((region) =>
      partFor({ part: { ...partFor().part, heading: region, filters: { Region: [region] } } }),
    );
    const letter = await assemble(
      packing({ input: { parts: sections, delivery: deliveryFor({ formats: ["png"] }) } }),
      desk,
    );
    expect(namesOf(letter.inline)).toEqual([
      "daily-sales_North_2026-11-19.png",
      "daily-sales_a-b_2026-11-19.png",
      "daily-sales_A-B_2026-11-19_2.png",
    ]);
    expect(new Set(letter.inline.map(({ cid }) => cid)).size).toBe(3);
  });
});

describe("the size budget", () => {
  const noisy = () => ({
    png: { sha256: "photo", bytes: photo },
    pdf: { sha256: "pdf", bytes: Buffer.alloc(400_000) },
  });
  const bytesOf = (letter: Awaited<ReturnType<typeof assemble>>) =>
    [...letter.inline, ...letter.attachments].reduce((sum, { content }) => sum + content.byteLength, 0);

  test("turns a heavy picture into a JPEG before anything is left out", async () => {
    const letter = await assemble(packing({ files: noisy(), budgetBytes: photo.byteLength + 500_000 }), desk);
    expect(letter.steps).toEqual(["palette", "jpeg"]);
    expect(letter.inline[0]).toMatchObject({ mediaType: "image/jpeg", fileName: "daily-sales_North_2026-11-19.jpg" });
    expect(letter.attachments).toHaveLength(1);
    expect(bytesOf(letter)).toBeLessThan(photo.byteLength);
    expect(letter.notes).toEqual(["size budget: pictures in 256 colours", "size budget: pictures as JPEG"]);
  });

  test("leaves the picture to the PDF when both are too much, and says so to the reader", async () => {
    const letter = await assemble(packing({ files: noisy(), budgetBytes: 700_000 }), desk);
    expect(letter.steps).toEqual(["palette", "jpeg", "small-jpeg", "without-pictures"]);
    expect(letter.inline).toEqual([]);
    expect(letter.text).toContain("you find it in the attached PDF");
    expect(letter.html).not.toContain("<img");
  });

  test("never sends an empty email: figures and words stay when no file may", async () => {
    const letter = await assemble(packing({ files: noisy(), budgetBytes: 130_000 }), desk);
    expect([...letter.inline, ...letter.attachments]).toEqual([]);
    expect(letter.text).toContain("Revenue: 12,340");
    expect(letter.text).toContain("The PDF was left out");
  });

  test("that holds not even a text is a fault that names the setting", async () => {
    await expect(assemble(packing({ budgetBytes: 1_000 }), desk)).rejects.toMatchObject({
      code: "compose.too-large",
      hint: expect.stringContaining("sizeBudget"),
    });
  });
});

describe("a report's own texts", () => {
  const texts = (more: Parameters<typeof reportFor>[0]) => textsOf(emailFor({ report: reportFor(more) }));

  test("are filled in with the recipient's values, in their language", () => {
    const subject = { en: "{{filter.Region}}: {{facts.revenue}} ({{changes.revenue}})", de: "nein" };
    expect(texts({ subject, greeting: "Hi {{firstName}}", intro: "As of {{dataAsOf}}" })).toEqual({
      subject: "North: 12,340 (▲ 4.2%)",
      greeting: "Hi Anna",
      intro: "As of 2026-11-19T05:40:00Z",
      contact: null,
    });
  });

  test("with a mistake are a fault that names report, text and variable", () => {
    expect(() => texts({ intro: "{{facts.turnover}}" })).toThrow(/daily-sales\.intro.*“turnover”/);
  });

  test("can't add a header by a value", async () => {
    const input = {
      report: reportFor({ subject: "For {{name}}" }),
      delivery: deliveryFor({ recipientName: "Anna\r\nBcc: x@example.com" }),
    };
    await expect(assemble(packing({ input }), desk)).rejects.toMatchObject({ code: "compose.header" });
  });
});
