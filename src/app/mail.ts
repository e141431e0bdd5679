import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { PostPlain } from "#alert/email.ts";
import type { App } from "#app.ts";
import { plainEmail } from "#compose/summarize.ts";
import type { Config } from "#config/config.ts";
import { folderMailer } from "#send/mailers/folder.ts";
import { smtpMailer } from "#send/mailers/smtp.ts";
import { stagedMailer } from "#send/mailers/staged.ts";
import type { Mailer } from "#send/port.ts";

/** The folder where mail of reports in trial lies, and all mail where no mail server is configured. */
export const outboxOf = (config: Config): string =>
  config.mail.via.kind === "folder" ? config.mail.via.dir : join(config.home, "outbox");

/** The outbox, and the mailer that the configuration names. */
export const mailersOf = (config: Config): { readonly outbox: Mailer; readonly mailer: Mailer } => {
  const outbox = folderMailer({ dir: outboxOf(config) });
  const { via } = config.mail;
  const mailer = via.kind === "smtp" ? smtpMailer(smtpSettings(config, via)) : outbox;
  const { onlyTo, redirectTo } = config.mail;
  return { outbox, mailer: onlyTo === null && redirectTo === null ? mailer : stagedMailer(mailer, config.mail) };
};

const smtpSettings = (config: Config, via: Extract<Config["mail"]["via"], { kind: "smtp" }>) => ({
  url: via.url,
  user: via.user,
  password: via.password,
  oauth2: via.oauth2,
  connections: config.limits.senders,
  limitMs: config.limits.sendLimitMs,
});

/** Posts an alert as a plain email. */
export const alertPoster =
  ({ config, clock, mailer }: Pick<App, "config" | "clock" | "mailer">): PostPlain =>
  async (to, subject, text) => {
    const letter = { id: `alert-${randomUUID()}`, from: config.mail.from, to, subject, text };
    await mailer.send(await plainEmail(letter, clock.now()), AbortSignal.timeout(config.limits.sendLimitMs));
  };
