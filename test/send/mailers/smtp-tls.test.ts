import { once } from "node:events";
import { createServer } from "node:http";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { describe, expect, onTestFinished, test } from "vitest";
import type { StoredMessage } from "#model/message.ts";
import { type SmtpSettings, smtpMailer } from "#send/mailers/smtp.ts";
import { testCertificate, testKey } from "../../support/certificate.ts";

const message: StoredMessage = {
  deliveryId: "d1",
  messageId: "<d1@daybreak.example.com>",
  from: "reports@example.com",
  recipients: ["anna@example.com"],
  subject: "Daily Sales",
  bytes: Buffer.from("Subject: Daily Sales\r\n\r\nOne.\r\n"),
};

const secured = async (options: SMTPServerOptions) => {
  const got: string[] = [];
  const server = new SMTPServer({
    key: testKey,
    cert: testCertificate,
    authOptional: true,
    onAuth: ({ username, password }, _session, done) =>
      username === "daybreak" && password === "right"
        ? done(null, { user: username })
        : done(new Error("5.7.8 wrong password")),
    onData: (stream, _session, done) => {
      stream
        .setEncoding("utf8")
        .on("data", (chunk: string) => got.push(chunk))
        .on("end", () => done());
    },
    ...options,
  });
  server.on("error", () => {});
  server.listen(0, "127.0.0.1");
  await once(server.server, "listening");
  const address = server.server.address();
  onTestFinished(async () => {
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return { port: typeof address === "object" && address !== null ? address.port : 0, got };
};

describe("the smtp mailer with TLS", () => {
  const settings = { user: "daybreak", password: "right", connections: 1, limitMs: 5_000, ca: testCertificate };
  // 0.0.0.0 reaches this machine, but isn't the loopback address, for which TLS is not asked.
  const away = (port: number) => `smtp://0.0.0.0:${port}`;

  const send = async (more: Partial<SmtpSettings> & { readonly url: string }) => {
    const mailer = smtpMailer({ ...settings, ...more });
    onTestFinished(() => mailer.close());
    return mailer.send(message, new AbortController().signal);
  };

  test("upgrades the connection, signs in and sends", async () => {
    const { port, got } = await secured({});
    await send({ url: away(port) });
    expect(got.join("")).toContain("Subject: Daily Sales");
  });

  test("sends nothing to a server elsewhere that offers no TLS, unless the address says tls=off", async () => {
    const { port, got } = await secured({ disabledCommands: ["STARTTLS"], allowInsecureAuth: true });
    await expect(send({ url: away(port) })).rejects.toMatchObject({ code: "send.unavailable" });
    expect(got).toEqual([]);
    await send({ url: `${away(port)}?tls=off` });
    expect(got.join("")).toContain("Subject: Daily Sales");
  });

  test("rehearses without sending, and says how the way there is protected", async () => {
    const { port, got } = await secured({});
    const mailer = smtpMailer({ ...settings, url: away(port) });
    onTestFinished(() => mailer.close());
    const envelope = { from: "reports@example.com", to: "anna@example.com" };
    expect(await mailer.rehearse?.(envelope, new AbortController().signal)).toBe("by TLS");
    expect(got).toEqual([]);
  });

  test.each([
    ["a certificate of an unknown authority", (port: number) => ({ url: away(port), ca: null }), /certificate/],
    [
      "TLS from the start where the server turns to it",
      (port: number) => ({ url: `smtps://127.0.0.1:${port}` }),
      /scheme/,
    ],
    ["a wrong password", (port: number) => ({ url: away(port), password: "wrong" }), /DAYBREAK_MAIL_PASSWORD/],
  ])("%s is told with its own remedy", async (_, more, remedy) => {
    const { port } = await secured({});
    const hint = expect.stringMatching(remedy);
    await expect(send(more(port))).rejects.toMatchObject({ code: "send.unavailable", hint });
  });

  test("talks TLS from the start to an smtps address", async () => {
    const { port, got } = await secured({ secure: true });
    await send({ url: `smtps://127.0.0.1:${port}` });
    expect(got).not.toEqual([]);
  });

  test("refuses a certificate that nobody vouches for", async () => {
    const { port, got } = await secured({});
    await expect(send({ url: away(port), ca: null })).rejects.toMatchObject({ code: "send.unavailable" });
    expect(got).toEqual([]);
  });

  test("calls a wrong password temporary, since the email is not to blame, and never tells it", async () => {
    const { port } = await secured({});
    const fault = await send({ url: away(port), password: "wr0ng-secret" }).catch((error: unknown) => error);
    expect(fault).toMatchObject({ code: "send.unavailable" });
    expect((fault as Error).message).toMatch(/wrong password/);
    expect(`${JSON.stringify(fault)}${String(fault)}`).not.toContain("wr0ng-secret");
  });

  test("signs in with a token that it fetches", async () => {
    const tokens = createServer((_request, response) => {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ access_token: "fresh-token", expires_in: 3600 }));
    });
    tokens.listen(0, "127.0.0.1");
    await once(tokens, "listening");
    onTestFinished(() => void tokens.close());
    const address = tokens.address();
    const tokenPort = typeof address === "object" && address !== null ? address.port : 0;
    const { port, got } = await secured({
      authMethods: ["XOAUTH2"],
      onAuth: ({ accessToken }, _session, done) =>
        accessToken === "fresh-token" ? done(null, { user: "daybreak" }) : done(new Error("wrong token")),
    });
    const oauth2 = {
      clientId: "c",
      clientSecret: "s",
      refreshToken: "r",
      tokenUrl: `http://127.0.0.1:${tokenPort}/token`,
    };
    await send({ url: away(port), password: null, oauth2 });
    expect(got).not.toEqual([]);
  });
});
