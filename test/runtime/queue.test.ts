import { expect, test, vi } from "vitest";
import { type HearWakeUps, startListening, type WakeWord } from "#runtime/queue.ts";

type Told = Parameters<HearWakeUps>[0];

/** A line that a test holds the other end of. */
const heldLine = () => {
  const lines: { readonly told: Told; readonly cut: (error?: Error) => void }[] = [];
  const hear: HearWakeUps = (told, signal) =>
    new Promise((done, failed) => {
      signal.addEventListener("abort", () => done());
      lines.push({ told, cut: (error) => (error === undefined ? done() : failed(error)) });
    });
  return { lines, hear };
};

const backoff = { baseMs: 1, maxMs: 2 };

test("a wake-up rings its loop at once, a burst of them rings it twice, and a word that nobody knows rings nothing", async () => {
  const { lines, hear } = heldLine();
  const rung: WakeWord[] = [];
  const listening = startListening({ hear, ring: (word) => rung.push(word), onFault: () => {}, backoff });
  for (let n = 0; n < 50; n += 1) lines[0]?.told.word("draw");
  lines[0]?.told.word("dance");
  expect(rung).toEqual(["draw"]);
  await vi.waitFor(() => expect(rung).toEqual(["draw", "draw"]));
  await listening.stop();
});

test("a line that breaks is opened again, and then everybody looks, since nobody knows what was missed", async () => {
  const { lines, hear } = heldLine();
  const rung: WakeWord[] = [];
  const faults: unknown[] = [];
  const listening = startListening({
    hear,
    ring: (word) => rung.push(word),
    onFault: (_, n) => faults.push(n),
    backoff,
  });
  lines[0]?.cut(new Error("gone"));
  await vi.waitFor(() => expect(lines).toHaveLength(2));
  lines[1]?.cut();
  await vi.waitFor(() => expect(lines).toHaveLength(3));
  expect(faults).toEqual([1, 2]);
  lines[2]?.told.heard();
  expect([...rung].sort()).toEqual(["draw", "post", "slots", "write"]);
  await listening.stop();
});
