import { createHash, randomUUID } from "node:crypto";
import { join } from "node:path";
import type { PostPlain } from "#alert/email.ts";
import type { App } from "#app.ts";
import { plainEmail } from "#compose/summarize.ts";
import type { Config } from "#config/config.ts";
import type { Clock } from "#runtime/clock.ts";
import { folderMailer } from "#send/mailers/folder.ts";
import { sendGridMailer } from "#send/mailers/sendgrid.ts";
import { type SmtpSettings, smtpMailer } from "#send/mailers/smtp.ts";
import { stagedMailer } from "#send/mailers/staged.ts";
import { returnPathOf } from "#send/plan/return-path.ts";
import type { Mailer } from "#send/port.ts";
import { countTurn } from "#send/turn.ts";

/** The folder where mail of reports in trial lies, and all mail where no mail server is configured. */
export const outboxOf = (config: Config): string =>
  config.mail.via.kind === "folder" ? config.mail.via.dir : join(config.home, "outbox");

/** The outbox, and the mailer that the configuration names. */
export const mailersOf = (config: Config, clock: Clock): { readonly outbox: Mailer; readonly mailer: Mailer } => {
  const outbox = folderMailer({ dir: outboxOf(config) });
  const mailer = liveMailerOf(config, clock) ?? outbox;
  const { onlyTo, redirectTo } = config.mail;
  return { outbox, mailer: onlyTo === null && redirectTo === null ? mailer : stagedMailer(mailer, config.mail) };
};

const liveMailerOf = (config: Config, clock: Clock): Mailer | null => {
  const { via, sendgrid } = config.mail;
  switch (via.kind) {
    case "folder":
      return null;
    case "smtp":
      return smtpMailer(smtpSettings(config, via));
    case "sendgrid": {
      const { senders: connections, sendLimitMs: limitMs } = config.limits;
      const groupOf = (report: string): number | null => sendgrid.groups[report] ?? sendgrid.group;
      return sendGridMailer({ ...via, groupOf, connections, limitMs, clock });
    }
  }
};

/** A message's own bytes make its return path, so that nobody but who got it can say that it came back. */
const returnPath = ({ mail: { bounces } }: Config): Pick<SmtpSettings, "returnPath"> => {
  if (bounces === null) return {};
  return {
    returnPath: ({ deliveryId, bytes }) => {
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      return returnPathOf(bounces.address, { deliveryId, sha256 });
    },
  };
};

const smtpSettings = (config: Config, via: Extract<Config["mail"]["via"], { kind: "smtp" }>) => ({
  url: via.url,
  user: via.user,
  password: via.password,
  oauth2: via.oauth2,
  connections: config.limits.senders,
  limitMs: config.limits.sendLimitMs,
  ...returnPath(config),
});

/** Posts an alert as a plain email. */
export const alertPoster =
  ({ config, clock, mailer, pool }: Pick<App, "config" | "clock" | "mailer" | "pool">): PostPlain =>
  async (to, subject, text) => {
    // An alert leaves even when the database, which keeps the pace, is what it is about.
    await countTurn(mailer.name, { pool, emailsPerMinute: config.limits.emailsPerMinute }).catch(() => {});
    const letter = { id: `alert-${randomUUID()}`, from: config.mail.from, to, subject, text };
    await mailer.send(await plainEmail(letter, clock.now()), AbortSignal.timeout(config.limits.sendLimitMs));
  };
