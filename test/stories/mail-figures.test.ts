/** Mail servers that refuse, fall silent and ask to be left alone, with hundreds of emails owed; what they took is what is counted. */
import { expect, test, vi } from "vitest";
import { watch } from "#alert/watch.ts";
import type { Delivery } from "#model/delivery.ts";
import { sendGridMailer } from "#send/mailers/sendgrid.ts";
import { smtpMailer } from "#send/mailers/smtp.ts";
import type { PostParts } from "#send/run.ts";
import { keptLog } from "../support/kept-log.ts";
import { openPosting, type Posting } from "../support/posting.ts";
import { type GridDouble, type GridTrouble, startGrid } from "../support/sendgrid.ts";
import { type Misbehaviour, type Sink, startSink } from "../support/sink.ts";

const isLong = process.env["DAYBREAK_LONG"] === "1";
const count = isLong ? 500 : 50;
const senders = 4;
vi.setConfig({ testTimeout: isLong ? 600_000 : 60_000 });

const names = (some: number, start = "n"): readonly string[] => Array.from({ length: some }, (_, n) => `${start}${n}`);
const addressOf = (name: string): string => `${name}@example.com`;

interface Place extends Posting {
  readonly sink: Sink;
}

const openPlace = async (more: Partial<Pick<PostParts, "whenUncertain">> = {}): Promise<Place> => {
  const sink = await startSink();
  const settings = { url: sink.url, user: null, password: null, connections: senders, limitMs: 20_000 };
  const place = await openPosting(smtpMailer(settings), more);
  for (const name of names(count)) await place.compose(name);
  const close = async (): Promise<void> => {
    await place[Symbol.asyncDispose]();
    await sink[Symbol.asyncDispose]();
  };
  return { ...place, sink, [Symbol.asyncDispose]: close };
};

/** Sends until nothing waits any more; between two looks the time of the next tries comes. */
const postUntilDone = async (place: Posting): Promise<readonly Delivery[]> => {
  for (let look = 0; look < 20; look += 1) {
    await place.postAll(senders);
    const all = await place.all();
    if (all.every(({ state }) => state !== "composed" && state !== "sending")) return all;
    place.clock.move(10 * 60_000);
  }
  throw new Error(`still waiting: ${place.log.troubles().slice(-5).join("\n")}`);
};

interface Figures {
  readonly lost: readonly string[];
  readonly doubled: readonly string[];
  readonly uncertain: readonly string[];
  readonly failed: readonly string[];
}

/** What the other side has, against what is owed and what is recorded; printed. */
const judge = (what: string, taken: readonly string[], deliveries: readonly Delivery[]): Figures => {
  const times = new Map<string, number>();
  for (const to of taken) times.set(to, (times.get(to) ?? 0) + 1);
  const inState = (state: string) => deliveries.filter((one) => one.state === state).map(({ envelope }) => envelope.to);
  const [uncertain, failed] = [inState("uncertain"), inState("failed")];
  const excused = new Set([...uncertain, ...failed]);
  const lost = deliveries.map(({ envelope }) => envelope.to).filter((to) => !times.has(to) && !excused.has(to));
  const doubled = [...times].filter(([, n]) => n > 1).map(([to]) => to);
  const figures = [lost, doubled, uncertain].map(({ length }) => length).join(" / ");
  console.log(`${what}: lost / duplicates / uncertain / N: ${figures} / ${deliveries.length}, ${failed.length} failed`);
  return { lost, doubled, uncertain, failed };
};

const takenBy = (sink: Sink): readonly string[] => sink.messages.flatMap(({ to }) => to);

test.each<[string, Misbehaviour]>([
  ["the recipient", { kind: "rcpt-reply", reply: "450 4.2.1 mailbox busy, try later" }],
  ["DATA", { kind: "data-reply", reply: "451 4.3.0 not now" }],
  ["the end of the data", { kind: "end-reply", reply: "452 4.3.1 no space left, try later" }],
])("a mail server that refuses %s for now, three times for everybody, gets each email once", async (at, trouble) => {
  await using place = await openPlace();
  place.sink.misbehave({ ...trouble, each: 3 });
  const deliveries = await postUntilDone(place);
  const { lost, doubled, uncertain, failed } = judge(`4xx at ${at}, 3 times each`, takenBy(place.sink), deliveries);
  expect([lost, doubled, uncertain, failed]).toEqual([[], [], [], []]);
  expect(place.sink.messages.filter(({ answered }) => answered)).toHaveLength(count);
  expect(new Set(deliveries.map(({ state, attempts }) => `${state} ${attempts}`))).toEqual(new Set(["sent 4"]));
});

test("ten recipients that are refused for good fail with the server's words, and keep nobody else waiting", async () => {
  await using place = await openPlace();
  const refused = names(10).map(addressOf);
  place.sink.misbehave({ kind: "rcpt-reply", reply: "550 5.1.1 no such user here", to: refused });
  await place.postAll(senders);
  const deliveries = await place.all();
  const { lost, doubled, uncertain, failed } = judge("5xx for ten recipients", takenBy(place.sink), deliveries);
  expect([lost, doubled, uncertain]).toEqual([[], [], []]);
  expect(failed.toSorted()).toEqual(refused.toSorted());
  expect(place.sink.messages).toHaveLength(count - refused.length);
  for (const { state, attempts, reason } of deliveries) {
    expect(attempts).toBe(1);
    expect(reason).toEqual(state === "failed" ? expect.stringContaining("550 5.1.1 no such user here") : null);
  }
});

const dropped = names(20).map(addressOf);
const dropTwenty: Misbehaviour = { kind: "drop-after-data", to: dropped, each: 1 };

test("twenty emails that are taken without an answer are uncertain, an alert is open, and none of them is sent again by itself", async () => {
  await using place = await openPlace();
  place.sink.misbehave(dropTwenty);
  const deliveries = await postUntilDone(place);
  place.clock.move(60 * 60_000);
  await place.postAll(senders);
  const { lost, doubled, uncertain } = judge("taken and cut off, ask", takenBy(place.sink), deliveries);
  expect([lost, doubled]).toEqual([[], []]);
  expect(uncertain.toSorted()).toEqual(dropped.toSorted());
  expect(place.sink.messages).toHaveLength(count);
  const { pool, clock } = place;
  await watch({ pool, clock, log: keptLog(), channels: [], lateAfterMs: 3_600_000, missed: async () => [] });
  const { rows } = await pool.query(
    "select key, subject from alerts where recovered_at is null and key like 'uncertain:%'",
  );
  expect(rows).toEqual([{ key: `uncertain:${place.slotId}`, subject: expect.stringContaining("20 emails") }]);
});

test("where the policy is to send again, exactly those twenty arrive twice, and their records say so", async () => {
  await using place = await openPlace({ whenUncertain: "resend" });
  place.sink.misbehave(dropTwenty);
  const deliveries = await postUntilDone(place);
  const { lost, doubled, uncertain } = judge("taken and cut off, resend", takenBy(place.sink), deliveries);
  expect([lost, uncertain]).toEqual([[], []]);
  expect(doubled.toSorted()).toEqual(dropped.toSorted());
  expect(place.sink.messages).toHaveLength(count + dropped.length);
  const disclosed = deliveries.filter(({ reason }) =>
    reason?.includes("it may have arrived before: try 1 had no answer"),
  );
  expect(disclosed.map(({ envelope }) => envelope.to).toSorted()).toEqual(dropped.toSorted());
  console.log(`taken and cut off, resend: duplicates disclosed: ${disclosed.length} of ${doubled.length}`);
});

/** Seconds that SendGrid asks for. */
const restSeconds = isLong ? 3 : 1;

const secondsFromNow = (seconds: number): number => Math.ceil(Date.now() / 1_000) + seconds;

interface Rest {
  readonly headers: Readonly<Record<string, string>>;
  /** The moment before which nothing may come, by when it was asked for. */
  readonly until: (askedAt: number) => number;
}

/** Each way of asking for a rest. */
const rests: Readonly<Record<string, () => Rest>> = {
  "Retry-After in seconds": () => ({
    headers: { "retry-after": String(restSeconds) },
    until: (askedAt) => askedAt + restSeconds * 1_000,
  }),
  "Retry-After as a date": () => {
    const at = secondsFromNow(restSeconds) * 1_000;
    return { headers: { "retry-after": new Date(at).toUTCString() }, until: () => at };
  },
  "X-RateLimit-Reset": () => {
    const at = secondsFromNow(restSeconds);
    return { headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(at) }, until: () => at * 1_000 };
  },
  "no time at all": () => ({ headers: {}, until: () => 0 }),
};

const openGrid = async (limitMs = 10_000): Promise<Posting & { readonly grid: GridDouble }> => {
  const grid = await startGrid();
  const settings = { ...grid, sandbox: false, groupOf: () => null, connections: senders, limitMs };
  const clock = { now: () => place.clock.now() };
  const place: Posting = await openPosting(sendGridMailer({ ...settings, clock }));
  const close = async (): Promise<void> => {
    await place[Symbol.asyncDispose]();
    await grid[Symbol.asyncDispose]();
  };
  return { ...place, grid, [Symbol.asyncDispose]: close };
};

const takenByGrid = ({ taken }: GridDouble): readonly string[] =>
  taken.flatMap(({ request }) => request.personalizations.flatMap(({ to }) => to.map(({ email }) => email)));

type Requests = GridDouble["requests"];

/** How many requests came in the time for which the first of them asked for a rest. */
const earlyIn = ([refused, ...later]: Requests, { until }: Rest): number => {
  const wallOf = (at = 0): number => performance.timeOrigin + at;
  const end = until(wallOf(refused?.at));
  return later.filter(({ at }) => wallOf(at) < end).length;
};

test("a mail service that asks to be left alone is, by everybody, in whatever form it asks; and gets each email once", async () => {
  await using place = await openGrid();
  const { grid } = place;
  const perForm = Math.ceil(count / Object.keys(rests).length);
  let early = 0;
  for (const [form, rest] of Object.entries(rests)) {
    for (const name of names(perForm, form.replaceAll(/\W/g, ""))) await place.compose(name);
    const asked = rest();
    grid.misbehave({ kind: "answer", status: 429, headers: asked.headers, times: 1 });
    const from = grid.requests.length;
    await place.postAll(senders);
    const requests = grid.requests.slice(from);
    const [refused] = requests;
    expect(refused?.status).toBe(429);
    // Those that were on the wire already when it answered can't be called back.
    const tooEarly = earlyIn(requests, asked);
    console.log(`429 with ${form}: ${tooEarly} of ${perForm} came within the rest, at most ${senders - 1} on the wire`);
    expect(tooEarly).toBeLessThan(senders);
    early += tooEarly;
    const [again] = (await postUntilDone(place)).filter(({ id }) => id === refused?.deliveryId);
    expect(again).toMatchObject({ state: "sent", attempts: 2 });
  }
  const { lost, doubled, uncertain, failed } = judge("429", takenByGrid(grid), await place.all());
  expect([lost, doubled, uncertain, failed]).toEqual([[], [], [], []]);
  expect(early).toBeLessThanOrEqual(3 * (senders - 1));
});

test("one after the other, not a single request comes before the time that was asked for", async () => {
  await using place = await openGrid();
  for (const name of names(4)) await place.compose(name);
  const asked = rests["Retry-After in seconds"]?.() ?? { headers: {}, until: () => 0 };
  place.grid.misbehave({ kind: "answer", status: 429, headers: asked.headers, times: 1 });
  await place.postAll(1);
  const [refused, next] = place.grid.requests;
  const soonest = Math.round((next?.at ?? 0) - (refused?.at ?? 0));
  console.log(`429, one sender: asked for ${restSeconds * 1_000} ms, the next request came after ${soonest} ms`);
  // Where the others took long, the refused one is due again, and comes once more.
  expect(new Set(place.grid.requests.map(({ deliveryId }) => deliveryId)).size).toBe(4);
  expect(place.grid.requests.filter(({ status }) => status !== 429).length).toBeLessThanOrEqual(4);
  expect(earlyIn(place.grid.requests, asked)).toBe(0);
});

test.each<[string, GridTrouble, number]>([
  ["errors of its own", { kind: "answer", status: 500, times: 40 }, 0],
  ["resets after it has taken the email", { kind: "reset-after-taking", times: 8 }, 8],
  ["silence after it has taken the email", { kind: "mute-after-taking", times: 2 }, 2],
])("a mail service with %s gets no email twice", async (what, trouble, doubtful) => {
  await using place = await openGrid(trouble.kind === "mute-after-taking" ? 4_000 : 10_000);
  for (const name of names(count)) await place.compose(name);
  place.grid.misbehave(trouble);
  const deliveries = await postUntilDone(place);
  const { lost, doubled, uncertain, failed } = judge(
    `a mail service with ${what}`,
    takenByGrid(place.grid),
    deliveries,
  );
  expect([lost, doubled, failed]).toEqual([[], [], []]);
  expect(uncertain).toHaveLength(doubtful);
});
