import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import fc from "fast-check";
import SMTPConnection from "nodemailer/lib/smtp-connection";
import { expect, onTestFinished, test } from "vitest";
import { openLine } from "#send/mailers/smtp-line.ts";

const lineEnd = "\r\n";
const finalDot = "\r\n.\r\n";

/** A mail server that keeps what comes between DATA and the final dot, byte for byte. */
const startRecorder = async () => {
  const taken: string[] = [];
  const server = createServer({ noDelay: true }, (socket) => {
    let rest = "";
    let mark = lineEnd;
    const take = (end: number): string => {
      const isData = mark === lineEnd && /^DATA/i.test(rest);
      if (mark === finalDot) taken.push(rest.slice(lineEnd.length, end));
      // The end of DATA's own line stays: an email without a line has its final dot right behind it.
      rest = rest.slice(isData ? end : end + mark.length);
      mark = isData ? finalDot : lineEnd;
      return isData ? "354 go on" : "250 ok";
    };
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      rest += bytes.toString("latin1");
      for (let end = rest.indexOf(mark); end !== -1; end = rest.indexOf(mark)) socket.write(`${take(end)}\r\n`);
    });
    socket.write("220 recorder ESMTP\r\n");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return { taken, port: (server.address() as AddressInfo).port };
};

const signal = new AbortController().signal;

const both = async () => {
  const { taken, port } = await startRecorder();
  const line = await openLine({ url: `smtp://127.0.0.1:${port}`, user: null, password: null, limitMs: 20_000 }, signal);
  const plain = new SMTPConnection({ host: "127.0.0.1", port, ignoreTLS: true });
  await new Promise<void>((done) => plain.connect(() => done()));
  onTestFinished(() => {
    line.close();
    plain.close();
  });
  /** What arrives of the same bytes when they are sent by us, and by nodemailer in one piece. */
  return async (bytes: Buffer): Promise<readonly [string | undefined, string | undefined]> => {
    taken.length = 0;
    const about = { deliveryId: "d", messageId: "<d@example.com>", subject: "s" };
    const answer = await line.send({ ...about, from: "a@example.com", recipients: ["b@example.com"], bytes }, signal);
    expect(answer).toHaveProperty("receipt");
    await new Promise<void>((done) =>
      plain.send({ from: "a@example.com", to: ["b@example.com"] }, bytes, (error) => {
        expect(error).toBeNull();
        done();
      }),
    );
    return [taken[0], taken[1]];
  };
};

/** Lines of many lengths, with dots and broken ends in all places where chunks may be cut. */
const messages = fc
  .array(
    fc.tuple(
      fc.constantFrom("a", ".", "a.", "..", "ü", "", "\r", "\n"),
      fc.constantFrom(0, 1, 75, 8_191, 16_384, 32_768, 65_535, 65_536, 70_000),
      fc.constantFrom("\r\n", "\r\n", "\r\n", "\n", "\r", ""),
    ),
    { minLength: 1, maxLength: 12 },
  )
  .map((lines) => Buffer.from(lines.map(([start, length, end]) => `${start}${"x".repeat(length)}${end}`).join("")))
  .filter((bytes) => bytes.byteLength > 0);

test("whatever an email's lines are, the mail server gets the very bytes that nodemailer would send", async () => {
  const send = await both();
  await fc.assert(
    fc.asyncProperty(messages, async (bytes) => {
      const [ours, theirs] = await send(bytes);
      expect(ours === theirs).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test("an email as ours are arrives with its dots, and without a byte more", async () => {
  const send = await both();
  const lines = Array.from({ length: 9_000 }, (_, n) => (n % 4_001 === 0 ? `.${n}` : "QUJD".repeat(19)));
  const text = `${lines.join("\r\n")}\r\n`;
  const [ours] = await send(Buffer.from(text));
  expect(ours === text.replaceAll(/^\./gm, "..").slice(0, -2)).toBe(true);
});
