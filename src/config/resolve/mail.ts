import type { BounceConfig, MailVia, SendGridConfig } from "#config/config.ts";
import type { Path } from "#config/document.ts";
import type { Context } from "#config/resolve/context.ts";
import { expand } from "#config/resolve/reference.ts";

/** `via: sendgrid`, or `null` with a mistake noted. */
export const sendGridOf = (context: Context): MailVia | null => {
  const found = context.environment.find("SENDGRID_API_KEY");
  if (found === null) {
    context.note(["mail", "via"], "is sendgrid, which needs a key; set SENDGRID_API_KEY in the environment or in .env");
    return null;
  }
  context.used(["mail", "sendgrid", "apiKey"], found);
  const { url, sandbox } = context.written.mail.sendgrid;
  return { kind: "sendgrid", url: url.replace(/\/+$/, ""), apiKey: found.value, sandbox };
};

/** What is said about SendGrid beside how it is reached. */
export const sendGridSettings = ({ written, note }: Context): SendGridConfig => {
  const { suppressionGroup, webhookKey } = written.mail.sendgrid;
  const groups = typeof suppressionGroup === "object" ? suppressionGroup : {};
  for (const report of Object.keys(groups)) {
    if (report in written.reports) continue;
    note(
      ["mail", "sendgrid", "suppressionGroup", report],
      "names no report of this file; write one of its names",
      "key",
    );
  }
  return {
    groups,
    group: typeof suppressionGroup === "number" ? suppressionGroup : null,
    webhookKey: keyOf(webhookKey, { written, note }),
  };
};

/** SendGrid shows the key as base64 on one line; PEM is taken, too. */
const keyOf = (text: string | undefined, { note }: Pick<Context, "written" | "note">): string | null => {
  if (text === undefined) return null;
  const bare = text.replaceAll(/-----[A-Z ]+-----|\s/g, "");
  if (/^[A-Za-z0-9+/]{80,400}={0,2}$/.test(bare)) return bare;
  note(["mail", "sendgrid", "webhookKey"], "is no public key; copy the verification key as SendGrid shows it");
  return null;
};

const bouncePath: Path = ["mail", "bounces"];

/** The mailbox of what comes back; `null`: none, or a mistake was noted. */
export const bouncesOf = (context: Context): BounceConfig | null => {
  const { bounces } = context.written.mail;
  if (bounces === undefined) return null;
  const { address, imap, folder, done, everyMs } = bounces;
  if (address === undefined)
    context.note(
      [...bouncePath, "address"],
      "is missing; write where emails go back to, such as bounces@example.com",
      "missing",
    );
  if (imap === undefined)
    context.note([...bouncePath, "imap"], "is missing; write the mailbox as imaps://user@mail.example.com", "missing");
  if (address === undefined || imap === undefined) return null;
  const mailbox = mailboxOf(imap, context);
  return mailbox === null ? null : { address, ...mailbox, folder, done, everyMs };
};

const mailboxOf = (text: string, context: Context): Pick<BounceConfig, "url" | "user" | "password"> | null => {
  const path = [...bouncePath, "imap"];
  const expanded = expand(text, path, context);
  if (expanded === null) return null;
  const url = URL.canParse(expanded) ? new URL(expanded) : null;
  if (url === null || !/^imaps?:$/.test(url.protocol) || url.hostname === "") {
    context.note(path, "can't be read as an imap address; write one such as imaps://user@mail.example.com:993");
    return null;
  }
  const user = decodeURIComponent(url.username) || found("USER", context);
  const password = decodeURIComponent(url.password) || found("PASSWORD", context);
  if (user === null) context.note(path, "names no user; write imaps://user@host, or set DAYBREAK_BOUNCES_USER");
  if (password === null)
    context.note(path, "needs a password; set DAYBREAK_BOUNCES_PASSWORD in the environment or in .env");
  if (user === null || password === null) return null;
  url.username = "";
  url.password = "";
  return { url: url.href, user, password };
};

const found = (what: "USER" | "PASSWORD", context: Context): string | null => {
  const variable = context.environment.find(`DAYBREAK_BOUNCES_${what}`);
  if (variable !== null) context.used([...bouncePath, what.toLowerCase()], variable);
  return variable?.value ?? null;
};
