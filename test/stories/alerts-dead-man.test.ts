import { expect, test } from "vitest";
import { emailChannel } from "#alert/email.ts";
import { pingMorning } from "#alert/morning.ts";
import type { AlertParts } from "#alert/run.ts";
import { watch } from "#alert/watch.ts";
import { webhookChannel } from "#alert/webhook.ts";
import { plainEmail } from "#compose/summarize.ts";
import { Temporal } from "#model/time.ts";
import { findOverdue, tick } from "#schedule/run.ts";
import { smtpMailer } from "#send/mailers/smtp.ts";
import { allReports } from "#store/reports.ts";
import { closeSlot, openSlots } from "#store/slots.ts";
import { openPosting, type Posting } from "../support/posting.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { reportNamed } from "../support/reports.ts";
import { type Sink, startSink } from "../support/sink.ts";

/**
 * What becomes of a morning: nobody ticks (the daemon is killed or its unit was taken away, another process lives on), the mail server is down, or the
 * whole machine is dead and only whoever waits for its ping can notice.
 */
type Kind = "well" | "no-tick" | "no-mail" | "dead";

const round: readonly Kind[] = ["no-tick", "no-mail", "dead", "well"];
const rounds = process.env["DAYBREAK_LONG"] === "1" ? 34 : 7;
/** Twenty mornings with a fault and some without in `npm test`. */
const kinds = Array.from({ length: rounds }, () => round)
  .flat()
  .slice(0, rounds === 7 ? 27 : undefined);

const zone = "Europe/Berlin";
const schedule = "daily 07:00";
/** Healthchecks waits so long for a ping; by then the other channel has told, too. */
const deadlineMinutes = 11;

interface Scene {
  readonly posting: Posting;
  readonly sink: Sink;
  readonly receiver: Receiver;
  readonly alerts: AlertParts;
}

const openScene = async (): Promise<Scene & AsyncDisposable> => {
  await using stack = new AsyncDisposableStack();
  const sink = stack.use(await startSink());
  const receiver = stack.use(await startReceiver());
  const settings = { url: sink.url, user: null, password: null, oauth2: null, connections: 1, limitMs: 5_000 };
  const mailer = smtpMailer(settings);
  const posting = stack.use(await openPosting(mailer));
  const { pool, clock, log } = posting;
  const definition = { ...reportNamed("sales"), schedule: { ...reportNamed("sales").schedule, at: schedule, zone } };
  await pool.query("update report_versions set definition = $1", [JSON.stringify(definition)]);
  await pool.query("update slots set state = 'closed', closed_at = now(), pinged_at = now()");
  const byMail = emailChannel(["ops@example.com"], async (to, subject, text) => {
    const letter = { id: crypto.randomUUID(), from: "bi@example.com", to, subject, text };
    await mailer.send(await plainEmail(letter, clock.now()), AbortSignal.timeout(5_000));
  });
  const channels = [byMail, webhookChannel({ url: `${receiver.url}/told`, secret: "x" }, clock)];
  const owned = stack.move();
  return {
    ...{ posting, sink, receiver, alerts: { pool, clock, log, channels } },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
};

const holidays = async () => new Map<string, string>();

/** One minute of whoever still lives. */
const minute = async ({ posting, receiver, alerts }: Scene, kind: Kind): Promise<void> => {
  if (kind === "dead") return;
  const { pool, clock, log } = posting;
  const [known] = await allReports(pool);
  if (known === undefined) throw new Error("there is no report");
  if (kind !== "no-tick") {
    await tick({ ...known, wanted: [{ schedule, zone }] }, { pool, clock, log, holidays });
    await makeEmails(posting);
    await posting.postAll(1);
    for (const slot of await openSlots(pool, clock.now())) await closeSlot(pool, slot.id, clock.now());
  }
  const missed = () => findOverdue(known, { pool, clock, holidays });
  await watch({ ...alerts, lateAfterMs: 45 * 60_000, missed });
  await pingMorning({ pool, clock }, `${receiver.url}/ping`);
};

/** Three people get what is due; nothing has to be drawn for it. */
const makeEmails = async (posting: Posting): Promise<void> => {
  const { pool, clock } = posting;
  for (const { id, state, due } of await openSlots(pool, clock.now())) {
    if (state !== "due") continue;
    for (const n of [1, 2, 3]) {
      const delivery = await posting.compose(`r${id}-${n}`);
      await pool.query(
        "update deliveries set slot_id = $2::bigint, occasion = 'slot:' || $2::bigint, nominal = $3, expires_at = $4 where id = $1",
        [delivery, id, due, due.add({ hours: 12 })],
      );
    }
    for (const next of ["ready", "planned"]) await pool.query("update slots set state = $2 where id = $1", [id, next]);
  }
};

/** The witness's first word since a moment, and after how many minutes it came; `null`: it stayed silent. */
const firstWord = async (
  scene: Scene,
  { kind, isMeant }: { readonly kind: Kind; readonly isMeant: (path: string, body: string) => boolean },
): Promise<number | null> => {
  const { posting, receiver } = scene;
  const before = receiver.got.length;
  for (let passed = 0; passed <= deadlineMinutes; passed += 1) {
    await minute(scene, kind);
    if (receiver.got.slice(before).some(({ path, body }) => isMeant(path, body))) return passed;
    posting.clock.move(60_000);
  }
  return null;
};

/** All that is owed goes out, and all is told. */
const settle = async (scene: Scene): Promise<void> => {
  const { pool, clock } = scene.posting;
  for (let tries = 0; tries < 12; tries += 1) {
    await minute(scene, "well");
    if ((await openSlots(pool, clock.now())).length === 0) return;
    clock.move(15 * 60_000);
  }
  throw new Error("the morning never ended");
};

const keyOf: Readonly<Record<"no-tick" | "no-mail", string>> = { "no-tick": "missed:sales", "no-mail": "mail" };

/** What whoever waits for the ping, and whoever reads the second channel, learn of one morning. */
const live = async (scene: Scene, kind: Kind): Promise<{ readonly told: boolean; readonly minutes: number | null }> => {
  const { sink, receiver } = scene;
  if (kind === "no-mail") {
    sink.misbehave({ kind: "greeting", reply: "421 4.3.2 down for maintenance" });
    sink.dropAll();
  }
  const isPing = (path: string) => path === "/ping";
  if (kind === "well" || kind === "dead") {
    const minutes = await firstWord(scene, { kind, isMeant: isPing });
    return { told: minutes === null, minutes };
  }
  const isAlert = (path: string, body: string) =>
    path === "/told" && body.includes(`"key":"${keyOf[kind]}"`) && body.includes('"severity":"critical"');
  const before = receiver.got.length;
  const minutes = await firstWord(scene, { kind, isMeant: isAlert });
  expect(receiver.got.slice(before).filter(({ path }) => path === "/ping")).toEqual([]);
  return { told: minutes !== null, minutes };
};

test("a daemon that is dead, a schedule that nobody looks after and a mail server that is down are told in time by another way than email", async () => {
  await using scene = await openScene();
  const { posting, sink, receiver } = scene;
  const start = posting.clock.now().toZonedDateTimeISO(zone).startOfDay();
  const toTime = (days: number, hours: number): void => {
    const at = Temporal.PlainDateTime.from(start.toPlainDateTime()).add({ days, hours }).toZonedDateTime(zone);
    posting.clock.move(at.toInstant().epochMilliseconds - posting.clock.now().epochMilliseconds);
  };
  toTime(1, 5);
  await minute(scene, "well");
  const tally = { faults: 0, told: 0, well: 0, falsely: 0, slowest: 0 };
  for (const [at, kind] of kinds.entries()) {
    toTime(at + 1, 7);
    const { told, minutes } = await live(scene, kind);
    if (kind === "well") {
      tally.well += 1;
      tally.falsely += told ? 1 : 0;
    } else {
      tally.faults += 1;
      tally.told += told ? 1 : 0;
      tally.slowest = Math.max(tally.slowest, minutes ?? 0);
    }
    // Somebody mends it before the next morning, and then all is well again by itself.
    sink.behave();
    toTime(at + 1, 12);
    await settle(scene);
  }
  const open = await posting.pool.query(
    "select key from alerts where recovered_at is null and key in ('mail', 'missed:sales')",
  );
  console.log(
    `dead man: told by a second channel within ${tally.slowest} minutes, or no ping after ${deadlineMinutes}: ${tally.told} / ${tally.faults}; false alarms ${tally.falsely} / ${tally.well}`,
  );
  expect(tally).toMatchObject({ told: tally.faults, falsely: 0 });
  expect(tally.faults).toBeGreaterThanOrEqual(20);
  expect(open.rows).toEqual([]);
  expect(receiver.got.filter(({ body }) => body.includes('"recovered"')).length).toBeGreaterThan(0);
});
