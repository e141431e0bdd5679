import PostalMime from "postal-mime";
import { expect, test } from "vitest";
import { unpackMessage } from "#actions/unpack.ts";
import { storedMessage } from "#compose/mime.ts";
import type { Message } from "#model/message.ts";
import { Temporal } from "#model/time.ts";

const bytes = Uint8Array.from({ length: 300 }, (_, at) => (at * 7) % 256);

const message: Message = {
  messageId: "<7@example.com>",
  from: "BI Team <bi@example.com>",
  to: "Anna <anna@example.com>",
  cc: [],
  bcc: [],
  replyTo: null,
  subject: "North 12,340 ▲ 4.2 %",
  text: "Guten Morgen, Grüße aus 日本 📈\n\n-- \nA line that begins like a boundary:\n--x\n",
  html: '<p>Grüße 日本 = “so”</p><img src="cid:picture-1@daybreak">',
  headers: {},
  inline: [
    { cid: "picture-1@daybreak", fileName: "umsatz Übersicht 日本.png", mediaType: "image/png", content: bytes },
  ],
  attachments: [
    {
      fileName: "daily-sales_Übersicht_日本_2026-11-19_and-a-name-that-is-so-long-that-it-is-written-in-pieces.csv",
      mediaType: "text/csv",
      content: bytes,
    },
    { fileName: 'plain; "quoted".pdf', mediaType: "application/pdf", content: bytes },
  ],
};

const composed = async (): Promise<Uint8Array> =>
  (await storedMessage(message, { deliveryId: "7", date: Temporal.Instant.from("2026-11-20T06:00:00Z") })).bytes;

test("a message that Daybreak wrote is taken apart as a mail program would", async () => {
  const written = await composed();
  const unpacked = unpackMessage(written);
  const reference = await new PostalMime().parse(written);
  expect(unpacked.text.replaceAll("\r\n", "\n").trim()).toBe(reference.text?.trim());
  expect(unpacked.pictures.map((one) => one.fileName)).toEqual(["umsatz Übersicht 日本.png"]);
  expect(unpacked.attachments.map((one) => one.fileName)).toEqual(message.attachments.map((one) => one.fileName));
  for (const file of [...unpacked.pictures, ...unpacked.attachments]) expect([...file.content]).toEqual([...bytes]);
});

test("the pictures of the page are named by their files, so that it can be opened from disk", async () => {
  const { html } = unpackMessage(await composed());
  expect(html).toContain("Grüße 日本 = “so”");
  expect(html).toContain(`src="${encodeURIComponent("umsatz Übersicht 日本.png")}"`);
  expect(html).not.toContain("cid:");
});
