/** Thousands of emails to a mail service that takes so many a second and no more; what it took and refused is what is counted. */
import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { storedMessage } from "#compose/mime.ts";
import { sendGridMailer } from "#send/mailers/sendgrid.ts";
import { transaction } from "#store/pool.ts";
import { type Daemon, startDaemon } from "../support/daemon.ts";
import { type Morning, openMorning } from "../support/morning.ts";
import { openPosting } from "../support/posting.ts";
import { type GridDouble, startGrid } from "../support/sendgrid.ts";

const isLong = process.env["DAYBREAK_LONG"] === "1";
const count = isLong ? 10_000 : 200;
/** What the service takes, and a tenth less, which the senders may use: a limit that is used up whole is missed by every hiccup of the machine. */
const perSecond = isLong ? 100 : 25;
const ownPerSecond = perSecond * 0.9;
/** Of few requests one is a large share already. */
const mostRefused = isLong ? 0.01 : 0.03;
/** What is attached to each email; a process that kept them would be seen to grow. */
const fileBytes = 16 * 1024;

const addressOf = (n: number): string => `p${n}@example.com`;

/** The addresses that the service took an email for, once for each. */
const takenBy = ({ taken }: GridDouble): readonly string[] =>
  taken.flatMap(({ request }) => request.personalizations.flatMap(({ to }) => to.map(({ email }) => email)));

/** Plans the morning as the daemon does, so that the last look before sending finds everybody as they were. */
const plan = async (morning: Morning): Promise<void> => {
  await morning.makeDue();
  const work = morning.begin(["tick"]);
  const planned = async () => (await morning.pool.query("select 1 from slots where state = 'planned'")).rows.length;
  await vi.waitFor(async () => expect(await planned()).toBe(1), { timeout: 120_000, interval: 100 });
  await work.stop();
};

/** A message as it is stored, with the delivery's own words where `xxxxx` stands. */
const pattern = async (morning: Morning): Promise<string> => {
  const files = { cc: [], bcc: [], replyTo: null, inline: [] };
  const content = Buffer.alloc(fileBytes, "0123456789abcdef");
  const attachments = [{ fileName: "sales.csv", mediaType: "text/csv", content }];
  const headers = { "X-Daybreak-Delivery": "xxxxx", "X-Daybreak-Report": "daily-sales" };
  const words = { subject: "Sales for xxxxx", text: "Good morning xxxxx\n", html: "<p>Good morning xxxxx</p>" };
  const address = { messageId: "<xxxxx.test@example.com>", from: "BI Team <bi@example.com>", to: "xxxxx@example.com" };
  const letter = { ...files, ...address, ...words, headers, attachments };
  const { bytes } = await storedMessage(letter, { deliveryId: "0", date: morning.clock.now() });
  return Buffer.from(bytes).toString("latin1");
};

/** Stands in for drawing and writing, which have tests of their own: each delivery gets a message and is composed. */
const write = async (morning: Morning): Promise<void> => {
  const { pool, app, dir } = morning;
  const { place } = app.config.artifacts;
  const folder = join(place.kind === "folder" ? place.dir : dir, "written");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const text = await pattern(morning);
  const { rows } = await pool.query("select id, envelope->>'to' as address from deliveries order by id");
  expect(rows).toHaveLength(count);
  for (const { id, address } of rows) {
    const bytes = Buffer.from(text.replaceAll("xxxxx", String(address).split("@")[0] ?? ""), "latin1");
    await writeFile(join(folder, `${id}.eml`), bytes);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const values = [id, `<${id}.test@example.com>`, "bi@example.com", [address], "Sales", `written/${id}.eml`];
    await pool.query(
      `insert into messages (delivery_id, message_id, sender, recipients, subject, path, sha256, bytes)
       values ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [...values, sha256, bytes.byteLength],
    );
  }
  await transaction(pool, async (db) => {
    for (const state of ["drawn", "proven", "composed"]) await db.query("update deliveries set state = $1", [state]);
  });
};

/** What a process holds in memory now, in megabytes. */
const memoryOf = async ({ pid }: Daemon): Promise<number> => {
  const kilobytes = /^VmRSS:\s+(\d+)/m.exec(await readFile(`/proc/${pid}/status`, "utf8"))?.[1];
  return Math.round(Number(kilobytes) / 1_024);
};

interface Look {
  readonly sent: number;
  readonly megabytes: number;
}

/** Looks at the memory of both until all emails are there, each time as many more have gone. */
const watchUntilAll = async (grid: GridDouble, daemons: readonly Daemon[]): Promise<readonly Look[]> => {
  const looks: Look[] = [];
  const giveUpAt = performance.now() + (isLong ? 600_000 : 120_000);
  while (grid.taken.length < count) {
    if (performance.now() > giveUpAt) throw new Error(`only ${grid.taken.length} of ${count} were taken`);
    await pause(250);
    const megabytes = Math.max(...(await Promise.all(daemons.map(memoryOf))));
    looks.push({ sent: grid.taken.length, megabytes });
  }
  return looks;
};

/** The most that was held while one part of the emails went out. */
const mostIn = (looks: readonly Look[], from: number, to: number): number =>
  Math.max(...looks.filter(({ sent }) => sent >= from * count && sent <= to * count).map(({ megabytes }) => megabytes));

/** How many requests came in each whole second, until only those were left that had to wait for their next try. */
const perSecondOf = ({ requests }: GridDouble): readonly number[] => {
  const most = requests.slice(0, Math.floor(count * 0.8));
  const seconds = Map.groupBy(most, ({ at }) => Math.floor((performance.timeOrigin + at) / 1_000));
  return [...seconds.values()].map(({ length }) => length).slice(1, -1);
};

const refusedBy = ({ requests }: GridDouble): number => requests.filter(({ status }) => status === 429).length;

test("two senders with one budget keep a mail service's limit, lose nobody, send nothing twice and don't grow", async () => {
  await using grid = await startGrid({ perSecond, forgetsFiles: true });
  vi.stubEnv("SENDGRID_API_KEY", grid.apiKey);
  const lines = Array.from({ length: count }, (_, n) => `${addressOf(n)},Person ${n},North`);
  await using morning = await openMorning({
    people: ["email,name,region", ...lines].join("\n"),
    report: { audienceGuard: "off" },
    limits: { emailsPerMinute: ownPerSecond * 60, senders: 8 },
    config: { mail: { from: "bi@example.com", via: "sendgrid", sendgrid: { url: grid.url } } },
  });
  await plan(morning);
  await write(morning);
  await using first = startDaemon(morning, { roles: ["send"] });
  await using second = startDaemon(morning, { roles: ["send"] });
  const looks = await watchUntilAll(grid, [first, second]);
  await vi.waitFor(
    async () => {
      const { rows } = await morning.pool.query("select state, count(*)::int as n from deliveries group by state");
      expect(rows).toEqual([{ state: "sent", n: count }]);
    },
    { timeout: 10_000 },
  );
  expect(await Promise.all([first.stop(), second.stop()])).toEqual([0, 0]);
  const taken = takenBy(grid);
  const got = new Set(taken);
  const lost = Array.from({ length: count }, (_, n) => addressOf(n)).filter((address) => !got.has(address));
  const refused = refusedBy(grid);
  const seconds = Math.round(((grid.requests.at(-1)?.at ?? 0) - (grid.requests[0]?.at ?? 0)) / 1_000);
  const rates = perSecondOf(grid).toSorted((a, b) => a - b);
  const usual = rates[Math.floor(rates.length / 2)] ?? 0;
  const [early, late] = [mostIn(looks, 0.2, 0.5), mostIn(looks, 0.7, 1)];
  console.log(
    `limit of ${perSecond} a second, budget of ${ownPerSecond}: lost / duplicates / uncertain / N: ${lost.length} / ${taken.length - got.size} / 0 / ${count}; ` +
      `429: ${refused} of ${grid.requests.length} requests; a second saw usually ${usual}, at most ${rates.at(-1)}; ` +
      `over after ${seconds} s; a sender's memory ${early} MB early, ${late} MB late`,
  );
  expect([lost, taken.length]).toEqual([[], count]);
  expect(refused / grid.requests.length).toBeLessThanOrEqual(mostRefused);
  // Otherwise it would be a machine that is slow, and no budget, that kept the limit.
  expect(usual).toBeGreaterThanOrEqual(ownPerSecond * 0.8);
  expect(late).toBeLessThanOrEqual(early * 1.1 + 10);
});

test("without a budget the same service refuses far more than one in a hundred", async () => {
  await using grid = await startGrid({ perSecond: 5 });
  const clock = { now: () => place.clock.now() };
  const settings = { url: grid.url, apiKey: grid.apiKey, sandbox: false, groupOf: () => null };
  await using place = await openPosting(sendGridMailer({ ...settings, connections: 8, limitMs: 5_000, clock }));
  for (let n = 0; n < 30; n += 1) await place.compose(`n${n}`);
  const end = AbortSignal.timeout(30_000);
  for (; grid.taken.length < 30 && !end.aborted; place.clock.move(1_000)) await place.postAll(8);
  console.log(`no budget: 429: ${refusedBy(grid)} of ${grid.requests.length} requests`);
  expect(new Set(takenBy(grid)).size).toBe(30);
  expect(refusedBy(grid) / grid.requests.length).toBeGreaterThan(0.05);
});
