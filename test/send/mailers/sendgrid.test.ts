import { once } from "node:events";
import { createServer } from "node:https";
import PostalMime from "postal-mime";
import { describe, expect, onTestFinished, test } from "vitest";
import { headersFor, messageIdOf, storedMessage } from "#compose/mime.ts";
import type { Message, StoredMessage } from "#model/message.ts";
import { Temporal } from "#model/time.ts";
import { systemClock } from "#runtime/clock.ts";
import { type SendGridSettings, sendGridMailer } from "#send/mailers/sendgrid.ts";
import { testCertificate, testKey } from "../../support/certificate.ts";
import { testClock } from "../../support/clock.ts";
import { argumentsOf, type GridDouble, type GridTrouble, startGrid } from "../../support/sendgrid.ts";

const calm = new AbortController().signal;
const from = "Sales Rëports <reports@example.com>";
const sender = {
  deliveryId: "42.1a2b3c4d",
  report: "daily-sales",
  reportTitle: "Daily Sales",
  from,
  stopUrl: "https://go.example.com/stop",
};

const letter = (more: Partial<Message> = {}): Message => ({
  messageId: messageIdOf(sender),
  from,
  to: '"Berg, Anna" <anna@example.com>',
  cc: [],
  bcc: [],
  replyTo: "sales-desk@example.com",
  subject: "North 12,340 ▲ 4.2% · Daily Sales · Thu 19 Nov",
  text: "Revenue: 12,340\n.\nGrüße ▲\n",
  html: '<p>Revenue: 12,340 — Grüße <img src="cid:picture-1@daybreak"></p>\n',
  headers: headersFor(sender),
  inline: [
    {
      cid: "picture-1@daybreak",
      fileName: "daily-sales.png",
      mediaType: "image/png",
      content: Buffer.from([137, 80, 78, 71, 0, 255]),
    },
  ],
  attachments: [
    { fileName: "daily-sales_North_2026-11-19.pdf", mediaType: "application/pdf", content: Buffer.from("%PDF") },
    {
      fileName: "日本の売上と在庫の一覧表、北部地域の全店舗を含む、2026-11-19.csv",
      mediaType: "text/csv; charset=utf-8",
      content: Buffer.from("\ufeffA\r\n1\r\n"),
    },
  ],
  ...more,
});

const stored = (more: Partial<Message> = {}): Promise<StoredMessage> =>
  storedMessage(letter(more), { deliveryId: "42", date: Temporal.Instant.from("2026-11-19T06:00:00Z") });

const open = async (more: Partial<SendGridSettings> = {}) => {
  const grid = await startGrid();
  const mailer = sendGridMailer({
    ...{
      url: grid.url,
      apiKey: grid.apiKey,
      sandbox: false,
      groupOf: () => null,
      connections: 2,
      limitMs: 2_000,
      clock: systemClock,
    },
    ...more,
  });
  onTestFinished(async () => {
    await mailer.close();
    await grid[Symbol.asyncDispose]();
  });
  return { grid, mailer };
};

const only = (grid: GridDouble) => {
  const [first, ...others] = grid.taken;
  if (first === undefined || others.length > 0) throw new Error(`${grid.taken.length} emails were taken`);
  return first.request;
};

describe("what SendGrid is asked to send (from documentation)", () => {
  test("is the stored email: texts, pictures, files, names and headers, as a mail program reads them from its bytes", async () => {
    const { grid, mailer } = await open({ groupOf: (report) => (report === "daily-sales" ? 1234 : null) });
    const message = await stored();
    const receipt = await mailer.send(message, calm);
    expect(receipt).toMatchObject({
      words: expect.stringMatching(/^202 accepted as \S+$/),
      accepted: ["anna@example.com"],
      rejected: [],
    });
    const judged = await PostalMime.parse(message.bytes);
    const request = only(grid);
    expect(request.from).toEqual({ email: "reports@example.com", name: "Sales Rëports" });
    expect(request.reply_to).toEqual({ email: "sales-desk@example.com" });
    expect(request.personalizations[0]).toMatchObject({ to: [{ email: "anna@example.com", name: "Berg, Anna" }] });
    expect(request.subject).toBe(judged.subject);
    expect(request.content.map(({ type }) => type)).toEqual(["text/plain", "text/html"]);
    const lines = (text = "") => text.replaceAll("\r\n", "\n").trimEnd();
    expect(request.content.map(({ value }) => lines(value))).toEqual([lines(judged.text), lines(judged.html)]);
    expect(request.attachments?.map((file) => [file.filename, file.type, file.disposition, file.content_id])).toEqual([
      ["daily-sales.png", "image/png", "inline", "picture-1@daybreak"],
      ["daily-sales_North_2026-11-19.pdf", "application/pdf", "attachment", undefined],
      ["日本の売上と在庫の一覧表、北部地域の全店舗を含む、2026-11-19.csv", "text/csv", "attachment", undefined],
    ]);
    expect(request.attachments?.map(({ content }) => Buffer.from(content, "base64"))).toEqual([
      Buffer.from([137, 80, 78, 71, 0, 255]),
      Buffer.from("%PDF"),
      Buffer.from("\ufeffA\r\n1\r\n"),
    ]);
    expect(request.headers).toEqual({ "Message-ID": message.messageId, ...letter().headers });
  });

  test("carries the delivery's id, the report as category, its suppression group, and no tracking", async () => {
    const { grid, mailer } = await open({ groupOf: () => 77 });
    const message = await stored();
    await mailer.send(message, calm);
    const request = only(grid);
    expect(argumentsOf(request)).toEqual({ delivery_id: "42", message_id: message.messageId });
    expect(request.categories).toEqual(["daily-sales"]);
    expect(request.asm).toEqual({ group_id: 77 });
    expect(Object.values(request.tracking_settings ?? {}).map(({ enable }) => enable)).toEqual([false, false, false]);
  });

  test("goes to copies too, and to nobody who stands in the headers alone", async () => {
    const { grid, mailer } = await open();
    const message = await stored({ cc: ["Boss <boss@example.com>"], bcc: ["Hidden@example.com"] });
    await mailer.send(message, calm);
    await mailer.send({ ...message, recipients: ["staging@example.org"] }, calm);
    expect(grid.taken.map(({ request }) => request.personalizations[0])).toMatchObject([
      {
        to: [{ email: "anna@example.com" }],
        cc: [{ email: "boss@example.com", name: "Boss" }],
        bcc: [{ email: "Hidden@example.com" }],
      },
      { to: [{ email: "staging@example.org" }] },
    ]);
    expect(JSON.stringify(grid.taken[1]?.request.personalizations)).not.toContain("anna@");
  });

  test("an address that is to, copy and blind copy stands in one place", async () => {
    const { grid, mailer } = await open();
    await mailer.send(await stored({ cc: ["ANNA@example.com"], bcc: ["anna@example.com"] }), calm);
    expect(only(grid).personalizations[0]).toMatchObject({ to: [{ email: "anna@example.com" }] });
    expect(only(grid).personalizations[0]).not.toHaveProperty("cc");
  });

  test("in sandbox mode is checked and not sent, and the receipt says so", async () => {
    const { grid, mailer } = await open({ sandbox: true });
    const receipt = await mailer.send(await stored(), calm);
    expect(receipt.words).toBe("200 checked in sandbox mode, not sent");
    expect(grid.taken).toEqual([]);
  });

  test("a plain letter without HTML has no HTML", async () => {
    const { grid, mailer } = await open();
    await mailer.send(await stored({ html: "", inline: [], attachments: [] }), calm);
    expect(only(grid).content.map(({ type }) => type)).toEqual(["text/plain"]);
  });
});

describe("what SendGrid answers (from documentation)", () => {
  const answer = (status: number, more: Partial<Extract<GridTrouble, { kind: "answer" }>> = {}): GridTrouble => ({
    kind: "answer",
    status,
    ...more,
  });

  test.each([
    [
      "400 is refused for good, with its words",
      answer(400, { words: "Does not contain a valid address." }),
      { code: "send.refused", message: /400: Does not contain a valid address/ },
    ],
    ["401 waits until the key is right", answer(401), { code: "send.unavailable", hint: /SENDGRID_API_KEY/ }],
    ["403 waits until the sender is verified", answer(403), { code: "send.unavailable", hint: /mail\.from/ }],
    ["413 is refused for good and names the setting", answer(413), { code: "send.refused", hint: /mail\.sizeBudget/ }],
    ["429 without a time waits as well", answer(429), { code: "send.unavailable", retryAfterMs: null }],
    [
      "429 with seconds waits so long",
      answer(429, { headers: { "retry-after": "3" } }),
      { code: "send.unavailable", retryAfterMs: 3_000 },
    ],
    ["500 is temporary", answer(500), { code: "send.temporary" }],
    [
      "503 with seconds waits so long",
      answer(503, { headers: { "retry-after": "120" } }),
      { code: "send.unavailable", retryAfterMs: 120_000 },
    ],
    ["504 may have been taken by those behind the gateway", answer(504), { code: "send.unknown" }],
    [
      "a redirect isn't followed",
      answer(302, { headers: { location: "http://127.0.0.1:1/" } }),
      { code: "send.refused", hint: /mail\.sendgrid\.url/ },
    ],
    ["silence after the whole email is unknown", { kind: "mute-after-taking" }, { code: "send.unknown" }],
    ["a reset after the whole email is unknown", { kind: "reset-after-taking" }, { code: "send.unknown" }],
  ] as const)("%s", async (_, trouble, expected) => {
    const { grid, mailer } = await open({ limitMs: 700 });
    grid.misbehave(trouble);
    const fault: unknown = await mailer.send(await stored(), calm).catch((error: unknown) => error);
    const { message, hint, ...exact } = { message: /./, hint: /./, ...expected };
    expect(fault).toMatchObject(exact);
    expect(fault).toMatchObject({ message: expect.stringMatching(message), hint: expect.stringMatching(hint) });
    expect(JSON.stringify(fault, Object.getOwnPropertyNames(fault))).not.toContain(grid.apiKey);
  });

  test("a reset in the middle of the email is temporary: nobody can have taken it", async () => {
    const { grid, mailer } = await open({ limitMs: 30_000 });
    grid.misbehave({ kind: "reset-in-body", afterBytes: 100_000 });
    const big = { fileName: "big.csv", mediaType: "text/csv", content: Buffer.alloc(12_000_000, "x") };
    await expect(mailer.send(await stored({ attachments: [big] }), calm)).rejects.toMatchObject({
      code: "send.temporary",
    });
    expect(grid.taken).toEqual([]);
  });

  test("a date says when to come back by the service's own clock", async () => {
    const { grid, mailer } = await open({ clock: testClock("2030-01-01T00:00:00Z") });
    const headers = { date: "Sat, 21 Nov 2026 07:28:00 GMT", "retry-after": "Sat, 21 Nov 2026 07:29:30 GMT" };
    grid.misbehave(answer(429, { headers }));
    await expect(mailer.send(await stored(), calm)).rejects.toMatchObject({ retryAfterMs: 90_000 });
  });

  test("after 429 nothing more is asked before the time has come, and then it goes on", async () => {
    const clock = testClock("2026-11-21T07:28:00Z");
    const { grid, mailer } = await open({ clock });
    const headers = {
      date: "Sat, 21 Nov 2026 07:28:00 GMT",
      "x-ratelimit-remaining": "0",
      "x-ratelimit-reset": "1795246140",
    };
    grid.misbehave({ ...answer(429, { headers }), times: 1 });
    await expect(mailer.send(await stored(), calm)).rejects.toMatchObject({
      code: "send.unavailable",
      retryAfterMs: 60_000,
    });
    clock.move(59_999);
    await expect(mailer.send(await stored(), calm)).rejects.toMatchObject({
      code: "send.unavailable",
      retryAfterMs: 1,
    });
    expect(grid.requests).toHaveLength(1);
    clock.move(1);
    await mailer.send(await stored(), calm);
    expect(grid.requests).toHaveLength(2);
  });

  test("a certificate that nobody vouches for gets no email", async () => {
    const server = createServer(
      { key: testKey, cert: testCertificate },
      (_, response) => void response.writeHead(202).end(),
    );
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const address = server.address();
    const { mailer } = await open({ url: `https://127.0.0.1:${typeof address === "object" ? address?.port : 0}` });
    await expect(mailer.send(await stored(), calm)).rejects.toMatchObject({
      code: "send.unavailable",
      message: expect.stringMatching(/certificate/),
    });
  });

  test("a wrong key is told without sending", async () => {
    const { mailer } = await open({ apiKey: "SG.wrong" });
    await expect(mailer.verify(calm)).rejects.toMatchObject({
      code: "send.unavailable",
      hint: expect.stringMatching(/SENDGRID_API_KEY/),
    });
  });
});
