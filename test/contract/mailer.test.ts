import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { StoredMessage } from "#model/message.ts";
import { systemClock } from "#runtime/clock.ts";
import { folderMailer } from "#send/mailers/folder.ts";
import { sendGridMailer } from "#send/mailers/sendgrid.ts";
import { smtpMailer } from "#send/mailers/smtp.ts";
import { rawHeader, readMime, textOf } from "#send/plan/mime.ts";
import type { Mailer } from "#send/port.ts";
import { type GridRequest, startGrid } from "../support/sendgrid.ts";
import { startSink } from "../support/sink.ts";

/** An email as the other side has it. */
interface Arrived {
  readonly messageId: string;
  readonly to: string;
  readonly text: string;
  /** `null` where the other side takes parts and makes the bytes itself. */
  readonly bytes: string | null;
}

/** One mailer, with what its other side got. */
interface Subject {
  readonly mailer: Mailer;
  readonly arrived: () => Promise<readonly Arrived[]>;
  readonly canConfirm: boolean;
  readonly broken: () => Promise<Mailer>;
}

const folders: string[] = [];
const folder = async (): Promise<string> => {
  const dir = await mkdtemp(join(tmpdir(), "daybreak-mail-"));
  folders.push(dir);
  return dir;
};
afterAll(async () => {
  for (const dir of folders) await rm(dir, { recursive: true, force: true });
});

const arrivedAs = (bytes: string): Arrived => {
  const mail = readMime(Buffer.from(bytes, "latin1"));
  return { messageId: rawHeader(mail, "Message-ID") ?? "", to: rawHeader(mail, "To") ?? "", text: textOf(mail), bytes };
};

const partsOf = ({ headers, personalizations, content }: GridRequest): Arrived => ({
  messageId: headers?.["Message-ID"] ?? "",
  to: personalizations[0]?.to[0]?.email ?? "",
  text: content[0]?.value ?? "",
  bytes: null,
});

const subjects: Readonly<Record<string, () => Promise<Subject>>> = {
  folder: async () => {
    const dir = join(await folder(), "outbox");
    return {
      mailer: folderMailer({ dir }),
      arrived: async () =>
        Promise.all((await readdir(dir)).map(async (file) => arrivedAs(await readFile(join(dir, file), "latin1")))),
      canConfirm: true,
      broken: async () => folderMailer({ dir: "/dev/null/outbox" }),
    };
  },
  smtp: async () => {
    const sink = await startSink();
    const settings = { user: null, password: null, connections: 2, limitMs: 5_000 };
    return {
      mailer: smtpMailer({ ...settings, url: sink.url }),
      arrived: async () => sink.messages.map(({ data }) => arrivedAs(data)),
      canConfirm: false,
      broken: async () => smtpMailer({ ...settings, url: "smtp://127.0.0.1:1" }),
    };
  },
  // From documentation: the other side is a double, see test/support/sendgrid.ts.
  sendgrid: async () => {
    const grid = await startGrid();
    const settings = {
      apiKey: grid.apiKey,
      sandbox: false,
      groupOf: () => null,
      connections: 2,
      limitMs: 5_000,
      clock: systemClock,
    };
    return {
      mailer: sendGridMailer({ ...settings, url: grid.url }),
      arrived: async () => grid.taken.map(({ request }) => partsOf(request)),
      canConfirm: false,
      broken: async () => sendGridMailer({ ...settings, url: "http://127.0.0.1:1" }),
    };
  },
};

const messageOf = (deliveryId: string, to = "anna@example.com"): StoredMessage => ({
  deliveryId,
  messageId: `<${deliveryId}@daybreak.example.com>`,
  from: "reports@example.com",
  recipients: [to],
  subject: "Daily Sales",
  bytes: Buffer.from(
    `Date: Thu, 19 Nov 2026 06:00:00 +0000\r\nTo: ${to}\r\nMessage-ID: <${deliveryId}@daybreak.example.com>\r\n\r\nOne.\r\n.\r\nTwo\r\n`,
  ),
});

const calm = new AbortController().signal;

describe.each(Object.keys(subjects))("the %s mailer", (name) => {
  const open = () => subjects[name]?.() ?? Promise.reject(new Error("no such mailer"));

  test("hands over a message whole and gives a receipt in words", async () => {
    const { mailer, arrived } = await open();
    const receipt = await mailer.send(messageOf("d1"), calm);
    expect(receipt.words).not.toBe("");
    expect(receipt).toMatchObject({ accepted: ["anna@example.com"], rejected: [] });
    const sent = arrivedAs(Buffer.from(messageOf("d1").bytes).toString("latin1"));
    const [got] = await arrived();
    // Who takes parts gets the same parts; who takes bytes gets each of them.
    expect(got).toEqual({ ...sent, bytes: got?.bytes === null ? null : sent.bytes });
    await mailer.close();
  });

  test("hands over many at a time without losing or mixing one", async () => {
    const { mailer, arrived } = await open();
    const ids = Array.from({ length: 50 }, (_, at) => `many-${at}`);
    await Promise.all(ids.map((id) => mailer.send(messageOf(id, `${id}@example.com`), calm)));
    const got = await arrived();
    expect(got).toHaveLength(50);
    for (const id of ids)
      expect(got.filter((one) => one.messageId.includes(`<${id}@`) && one.to === `${id}@example.com`)).toHaveLength(1);
    await mailer.close();
  });

  test("says of a message whether it was taken, or that it can't say", async () => {
    const { mailer, canConfirm } = await open();
    await mailer.send(messageOf("known"), calm);
    expect(await mailer.confirm(messageOf("known"))).toBe(canConfirm ? true : "cannot-say");
    expect(await mailer.confirm(messageOf("never"))).toBe(canConfirm ? false : "cannot-say");
    await mailer.close();
  });

  test("proves its connection without sending", async () => {
    const { mailer, arrived } = await open();
    await mailer.verify(calm);
    expect(await arrived()).toEqual([]);
    await mailer.close();
  });

  test("says that it is unavailable when the other side isn't there", async () => {
    const { broken } = await open();
    const mailer = await broken();
    await expect(mailer.send(messageOf("d1"), calm)).rejects.toMatchObject({
      code: "send.unavailable",
      retry: "later",
    });
    await expect(mailer.verify(calm)).rejects.toMatchObject({ code: "send.unavailable" });
    await mailer.close();
  });

  test("sends nothing when it is called off before it began", async () => {
    const { mailer, arrived } = await open();
    await mailer.verify(calm);
    await expect(mailer.send(messageOf("d1"), AbortSignal.abort())).rejects.toMatchObject({ code: "send.unavailable" });
    expect(await arrived()).toEqual([]);
    await mailer.close();
  });

  test("can be closed twice and without ever having sent", async () => {
    const { mailer } = await open();
    await mailer.close();
    await mailer.close();
  });
});
