import PostalMime from "postal-mime";
import { describe, expect, test } from "vitest";
import {
  bareAddress,
  headersFor,
  messageIdOf,
  mimeOf,
  namedAddress,
  type Sender,
  storedMessage,
} from "#compose/mime.ts";
import type { Message } from "#model/message.ts";
import { Temporal } from "#model/time.ts";

const date = Temporal.Instant.from("2026-11-19T06:00:00Z");
const sender = (more: Partial<Sender> = {}): Sender => ({
  deliveryId: "0197d1",
  report: "daily-sales",
  reportTitle: "Daily Sales",
  from: "Sales Reports <reports@example.com>",
  stopUrl: null,
  ...more,
});

const message = (more: Partial<Message> = {}): Message => ({
  messageId: messageIdOf(sender()),
  from: sender().from,
  to: "Anna Berg <anna@example.com>",
  cc: [],
  bcc: [],
  replyTo: "sales-desk@example.com",
  subject: "North 12,340 ▲ 4.2% · Daily Sales · Thu 19 Nov",
  text: "Revenue: 12,340\n.\nGrüße\n",
  html: '<p>Revenue: 12,340 — Grüße <img src="cid:picture-1@daybreak"></p>\n',
  headers: headersFor(sender()),
  inline: [
    { cid: "picture-1@daybreak", fileName: "daily-sales.png", mediaType: "image/png", content: Buffer.from("PNG") },
  ],
  attachments: [
    { fileName: "daily-sales_North_2026-11-19.pdf", mediaType: "application/pdf", content: Buffer.from("%PDF") },
    { fileName: "日本_2026-11-19.csv", mediaType: "text/csv; charset=utf-8", content: Buffer.from("\ufeffA\r\n") },
  ],
  ...more,
});

const written = async (more: Partial<Message> = {}) => Buffer.from(await mimeOf(message(more), date)).toString("utf8");

/** The tree of media types, indented, with the files' names. */
const treeOf = (mime: string): string => {
  const lines: string[] = [];
  const walk = (part: string, depth: number): void => {
    const [head = "", ...rest] = part.split("\r\n\r\n");
    const unfolded = head.replaceAll(/\r\n\s+/g, " ");
    const type = /^Content-Type: ([^;\r\n]+)/im.exec(unfolded)?.[1] ?? "text/plain";
    const boundary = /boundary="([^"]+)"/.exec(unfolded)?.[1];
    const where = /^Content-Disposition: ([^;\r\n]+)/im.exec(unfolded)?.[1];
    const id = /^Content-ID: (\S+)/im.exec(unfolded)?.[1];
    lines.push(`${"  ".repeat(depth)}${[type, where, id].filter((word) => word !== undefined).join(" ")}`);
    if (boundary === undefined) return;
    const inside = rest.join("\r\n\r\n").split(`--${boundary}`).slice(1, -1);
    for (const child of inside) walk(child.replace(/^\r\n/, ""), depth + 1);
  };
  walk(mime, 0);
  return `${lines.join("\n")}\n`;
};

describe("the bytes of a message", () => {
  test("are mixed(alternative(text, related(html, pictures)), attachments)", async () => {
    await expect(treeOf(await written())).toMatchFileSnapshot("../golden/mime-tree-full.txt");
  });

  test("leave out what isn't there", async () => {
    await expect(treeOf(await written({ attachments: [] }))).toMatchFileSnapshot(
      "../golden/mime-tree-without-files.txt",
    );
    await expect(treeOf(await written({ attachments: [], inline: [] }))).toMatchFileSnapshot(
      "../golden/mime-tree-text.txt",
    );
  });

  test("are the same for the same message and date, to the last boundary", async () => {
    const headers = headersFor(sender({ stopUrl: "https://daybreak.example.com/stop?t=abc" }));
    await expect(await written({ headers })).toMatchFileSnapshot("../golden/morning.eml");
    expect(await written({ headers })).toBe(await written({ headers }));
  });

  test("are read back by a mail program as they were meant", async () => {
    const read = await PostalMime.parse(await mimeOf(message({ cc: ["Jürg Müller <j@example.com>"] }), date));
    expect(read).toMatchObject({
      subject: "North 12,340 ▲ 4.2% · Daily Sales · Thu 19 Nov",
      from: { name: "Sales Reports", address: "reports@example.com" },
      to: [{ name: "Anna Berg", address: "anna@example.com" }],
      cc: [{ name: "Jürg Müller", address: "j@example.com" }],
      replyTo: [{ address: "sales-desk@example.com" }],
      messageId: "<0197d1@example.com>",
      date: "2026-11-19T06:00:00.000Z",
    });
    expect(read.text?.trimEnd()).toBe("Revenue: 12,340\n.\nGrüße");
    expect(read.html).toContain("Grüße");
    expect(
      read.attachments.map(({ filename, disposition, contentId }) => [filename, disposition, contentId ?? null]),
    ).toEqual([
      ["daily-sales.png", "inline", "<picture-1@daybreak>"],
      ["daily-sales_North_2026-11-19.pdf", "attachment", null],
      ["日本_2026-11-19.csv", "attachment", null],
    ]);
  });

  test("have lines that every mail server takes", async () => {
    const long = "x".repeat(5_000);
    const mime = await written({ text: long, html: `<p>${long}</p>`, subject: "ä".repeat(80) });
    expect(mime.replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
    for (const line of mime.split("\r\n")) expect(line.length).toBeLessThanOrEqual(998);
    expect(Buffer.byteLength(mime)).toBe(mime.length);
  });

  test("tell nobody of blind copies, who are in the envelope", async () => {
    const stored = await storedMessage(
      message({ cc: ["c@example.com"], bcc: ["B <b@example.com>", "c@example.com"] }),
      { deliveryId: "0197d1", date },
    );
    expect(stored).toMatchObject({
      from: "reports@example.com",
      recipients: ["anna@example.com", "c@example.com", "b@example.com"],
    });
    expect(Buffer.from(stored.bytes).toString()).not.toMatch(/bcc|b@example\.com/i);
  });

  test("never read a file or an address that a text names", async () => {
    const mime = await written({ html: "<p>file:///etc/passwd</p>", text: "/etc/passwd" });
    expect(mime).not.toContain("root:");
  });
});

describe("the headers", () => {
  test("say what kind of mail this is and which delivery", async () => {
    const { headers } = await PostalMime.parse(await mimeOf(message(), date));
    const byName = Object.fromEntries(headers.map(({ key, value }) => [key, value]));
    expect(byName).toMatchObject({
      "auto-submitted": "auto-generated",
      "list-id": '"Daily Sales" <daily-sales.daybreak.example.com>',
      "x-daybreak-delivery": "0197d1",
      "x-daybreak-report": "daily-sales",
    });
    expect(Object.keys(byName)).not.toContain("list-unsubscribe");
    expect(Object.keys(byName)).not.toContain("x-mailer");
  });

  test("offer to stop by one click where there is an address for it", () => {
    expect(headersFor(sender({ stopUrl: "https://x.example.com/stop" }))).toMatchObject({
      "List-Unsubscribe": "<https://x.example.com/stop>",
      "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    });
  });

  test("name a list only in ASCII", () => {
    expect(headersFor(sender({ reportTitle: "Täglich" }))["List-Id"]).toBe("<daily-sales.daybreak.example.com>");
  });

  const broken = "x\r\nBcc: thief@example.com";
  test.each([
    ["subject", { subject: broken }],
    ["recipient", { to: `${broken} <a@example.com>` }],
    ["sender", { from: `Reports\n<r@example.com>` }],
    ["copy", { cc: [`c@example.com${broken}`] }],
    ["copy", { bcc: [`c@example.com${broken}`] }],
    ["reply address", { replyTo: `r@example.com${broken}` }],
    ["Message-ID", { messageId: `<a@b>${broken}` }],
    ["List-Id", { headers: { "List-Id": broken } }],
    ["header's name", { headers: { [broken]: "x" } }],
    ["is no header's name", { headers: { "X: Bcc": "x" } }],
    ["file name", { attachments: [{ fileName: broken, mediaType: "text/plain", content: Buffer.from("") }] }],
    ["content id", { inline: [{ cid: broken, fileName: "a.png", mediaType: "image/png", content: Buffer.from("") }] }],
  ])("with a line break are refused, naming the %s", async (name, more) => {
    await expect(mimeOf(message(more), date)).rejects.toMatchObject({
      code: "compose.header",
      message: expect.stringContaining(name),
    });
  });
});

describe("an address", () => {
  test.each([
    ["a@example.com", "a@example.com"],
    ["Anna <a@example.com>", "a@example.com"],
    ['"Berg, Anna" <a@example.com>', "a@example.com"],
    ["änna@bücher.example", "änna@bücher.example"],
  ])("is found in %j", (text, address) => {
    expect(bareAddress(text)).toBe(address);
  });

  test.each(["", "Anna", "a@b@c", "a@example.com, b@example.com", "group: a@example.com;", "a b@example.com", "<>"])(
    "is refused in %j",
    (text) => {
      expect(() => bareAddress(text)).toThrow(expect.objectContaining({ code: "compose.header" }));
    },
  );

  test.each([
    ["Berg, Anna", '"Berg, Anna" <a@example.com>'],
    ['a" <evil@example.com>, "b', '"a <evil@example.com>, b" <a@example.com>'],
    ["", "a@example.com"],
  ])("with the name %j stays one address", (name, expected) => {
    expect(namedAddress(name, "a@example.com")).toBe(expected);
    expect(bareAddress(namedAddress(name, "a@example.com"))).toBe("a@example.com");
  });
});
