import { describe, expect, onTestFinished, test } from "vitest";
import type { StoredMessage } from "#model/message.ts";
import { type SmtpSettings, smtpMailer } from "#send/mailers/smtp.ts";
import { type Misbehaviour, type Sink, type SinkOptions, startSink } from "../../support/sink.ts";

const calm = new AbortController().signal;

const messageOf = (bytes = 200, recipients: readonly string[] = ["anna@example.com"]): StoredMessage => ({
  deliveryId: "d1",
  messageId: "<d1@daybreak.example.com>",
  from: "reports@example.com",
  recipients,
  subject: "Daily Sales",
  bytes: Buffer.from(`Subject: Daily Sales\r\n\r\n${"0123456789abcdef\r\n".repeat(Math.ceil(bytes / 18))}`),
});

const open = async (options: SinkOptions = {}, settings: Partial<SmtpSettings> = {}) => {
  const sink: Sink = await startSink(options);
  const mailer = smtpMailer({ url: sink.url, user: null, password: null, connections: 2, limitMs: 3_000, ...settings });
  onTestFinished(async () => {
    await mailer.close();
    await sink[Symbol.asyncDispose]();
  });
  return { sink, mailer };
};

interface Case {
  readonly when: string;
  readonly trouble: Misbehaviour;
  readonly code: string;
  readonly taken: number;
  readonly words?: RegExp;
}

const cases: readonly Case[] = [
  {
    when: "refuses to talk",
    trouble: { kind: "greeting", reply: "554 5.7.1 blocked" },
    code: "send.unavailable",
    taken: 0,
    words: /blocked/,
  },
  {
    when: "is too busy to talk",
    trouble: { kind: "greeting", reply: "421 4.3.2 busy" },
    code: "send.unavailable",
    taken: 0,
    words: /busy/,
  },
  {
    when: "refuses the sender",
    trouble: { kind: "mail-reply", reply: "553 5.7.1 not yours" },
    code: "send.unavailable",
    taken: 0,
    words: /not yours/,
  },
  {
    when: "finds the email too large when it is announced",
    trouble: { kind: "mail-reply", reply: "552 5.3.4 message size exceeds fixed limit" },
    code: "send.refused",
    taken: 0,
    words: /size/,
  },
  {
    when: "puts the sender off",
    trouble: { kind: "mail-reply", reply: "451 4.3.0 later" },
    code: "send.unavailable",
    taken: 0,
  },
  {
    when: "refuses the recipient",
    trouble: { kind: "rcpt-reply", reply: "500 5.1.1 nobody here" },
    code: "send.refused",
    taken: 0,
    words: /nobody here/,
  },
  {
    when: "greylists the recipient",
    trouble: { kind: "rcpt-reply", reply: "450 4.2.0 greylisted" },
    code: "send.temporary",
    taken: 0,
  },
  { when: "refuses the data", trouble: { kind: "data-reply", reply: "554 5.7.1 no" }, code: "send.refused", taken: 0 },
  {
    when: "says 450 after the data",
    trouble: { kind: "end-reply", reply: "450 4.3.0 try again" },
    code: "send.temporary",
    taken: 0,
  },
  {
    when: "says 552 after the data",
    trouble: { kind: "end-reply", reply: "552 5.3.4 too big" },
    code: "send.refused",
    taken: 0,
    words: /too big/,
  },
  {
    when: "says 421 after the data",
    trouble: { kind: "end-reply", reply: "421 4.3.2 shutting down" },
    code: "send.unavailable",
    taken: 0,
  },
  {
    when: "takes the data and closes without a word",
    trouble: { kind: "drop-after-data" },
    code: "send.unknown",
    taken: 1,
  },
  {
    when: "takes the data and resets the connection",
    trouble: { kind: "reset-after-data" },
    code: "send.unknown",
    taken: 1,
  },
  {
    when: "answers the data with a code that means nothing",
    trouble: { kind: "end-reply", reply: "354 more" },
    code: "send.unknown",
    taken: 0,
  },
];

describe.each([{ pipelining: true }, { pipelining: false }])("a mail server with %o", (options) => {
  test.each(cases)("that $when: $code", async ({ trouble, code, taken, words }) => {
    const { sink, mailer } = await open(options);
    sink.misbehave(trouble);
    const fault = await mailer.send(messageOf(), calm).catch((error: unknown) => error);
    expect(fault).toMatchObject({ code });
    if (words !== undefined) expect((fault as Error).message).toMatch(words);
    expect(sink.messages).toHaveLength(taken);
  });

  test("that stays silent before the greeting is unavailable within the limit", async () => {
    const { sink, mailer } = await open(options, { limitMs: 200 });
    sink.misbehave({ kind: "silent" });
    const began = performance.now();
    await expect(mailer.send(messageOf(), calm)).rejects.toMatchObject({ code: "send.unavailable" });
    expect(performance.now() - began).toBeLessThan(1_500);
  });

  test("that stays silent after the data is unknown within the limit", async () => {
    const { sink, mailer } = await open(options, { limitMs: 200 });
    sink.misbehave({ kind: "mute-after-data" });
    await expect(mailer.send(messageOf(), calm)).rejects.toMatchObject({ code: "send.unknown", retry: "unknown" });
    expect(sink.messages).toHaveLength(1);
  });

  test("that reads slowly gets the whole email, or is temporary when the limit comes first", async () => {
    const { sink, mailer } = await open(options, { limitMs: 400 });
    sink.misbehave({ kind: "slow-reader", pauseMs: 50, times: 1 });
    await expect(mailer.send(messageOf(30_000_000), calm)).rejects.toMatchObject({ code: "send.temporary" });
    expect(sink.messages).toHaveLength(0);
  });

  test("that closes in the middle of the data is temporary", async () => {
    const { sink, mailer } = await open(options);
    sink.misbehave({ kind: "drop-in-data", afterBytes: 100_000 });
    await expect(mailer.send(messageOf(30_000_000), calm)).rejects.toMatchObject({ code: "send.temporary" });
    expect(sink.messages).toHaveLength(0);
  });

  test("that refuses some recipients has the others in the receipt and their words with the refused", async () => {
    const { sink, mailer } = await open(options);
    sink.misbehave({ kind: "rcpt-reply", to: "gone@example.com", reply: "550 5.1.1 no such user" });
    const receipt = await mailer.send(messageOf(200, ["anna@example.com", "gone@example.com"]), calm);
    expect(receipt.accepted).toEqual(["anna@example.com"]);
    expect(receipt.rejected).toEqual([{ address: "gone@example.com", words: "550 5.1.1 no such user" }]);
    expect(sink.messages[0]?.to).toEqual(["anna@example.com"]);
  });

  test("that ended an unused connection costs nothing: a fresh one is taken, and the email arrives once", async () => {
    const { sink, mailer } = await open(options);
    await mailer.send(messageOf(), calm);
    sink.dropAll();
    await mailer.send(messageOf(), calm);
    expect(sink.messages).toHaveLength(2);
  });
});

describe("the smtp mailer", () => {
  test("uses one connection for emails that follow each other", async () => {
    const { sink, mailer } = await open();
    for (let at = 0; at < 5; at += 1) await mailer.send(messageOf(), calm);
    expect(sink.connections).toBe(1);
    expect(sink.messages).toHaveLength(5);
  });

  test("never sends twice by itself what may have been taken, also over a kept connection", async () => {
    const { sink, mailer } = await open();
    await mailer.send(messageOf(), calm);
    sink.misbehave({ kind: "drop-after-data", times: 1 });
    await expect(mailer.send(messageOf(), calm)).rejects.toMatchObject({ code: "send.unknown" });
    expect(sink.messages.filter(({ answered }) => !answered)).toHaveLength(1);
    expect(sink.messages).toHaveLength(2);
  });

  test("does not reach the end of the data once it is called off", async () => {
    const { sink, mailer } = await open();
    sink.misbehave({ kind: "slow-reader", pauseMs: 20 });
    const stop = new AbortController();
    const sending = mailer.send(messageOf(30_000_000), stop.signal);
    setTimeout(() => stop.abort(), 100);
    await expect(sending).rejects.toMatchObject({ code: "send.temporary" });
    expect(sink.messages).toHaveLength(0);
  });

  test("refuses a message above the limit that the server announces, before sending it", async () => {
    const { sink, mailer } = await open({ size: 1_000 });
    await expect(mailer.send(messageOf(50_000), calm)).rejects.toMatchObject({ code: "send.refused" });
    expect(sink.messages).toHaveLength(0);
  });

  test("refuses an address with a line break instead of sending another command", async () => {
    const { sink, mailer } = await open();
    const sending = mailer.send(messageOf(200, ["a@example.com>\r\nRCPT TO:<b@example.com"]), calm);
    await expect(sending).rejects.toMatchObject({ code: "send.refused" });
    expect(sink.messages).toHaveLength(0);
  });

  test("calls a server whose name nobody resolves unavailable", async () => {
    const { mailer } = await open({}, { url: "smtp://mail.invalid:587", limitMs: 2_000 });
    await expect(mailer.send(messageOf(), calm)).rejects.toMatchObject({ code: "send.unavailable" });
  });

  test("asks no sign-in of a server that offers none, and says so", async () => {
    const { mailer } = await open({}, { user: "u", password: "secret-password" });
    const fault = await mailer.send(messageOf(), calm).catch((error: unknown) => error);
    expect(fault).toMatchObject({ code: "send.unavailable" });
    expect(JSON.stringify(fault) + String(fault)).not.toContain("secret-password");
  });
});
