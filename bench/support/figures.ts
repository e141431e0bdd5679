/** How figures are taken and told. */
import { availableParallelism, cpus, totalmem } from "node:os";

/** The middle one; of an even number, the mean of the two in the middle. */
export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const at = Math.floor(sorted.length / 2);
  const [low = Number.NaN, high = Number.NaN] =
    sorted.length % 2 === 1 ? [sorted[at], sorted[at]] : sorted.slice(at - 1, at + 1);
  return (low + high) / 2;
};

/** With so many digits after the point. */
export const rounded = (value: number, digits = 2): number => Number(value.toFixed(digits));

/** Milliseconds that `work` takes. */
export const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
};

/** Tells how a bench gets on, beside its figures. */
export const tell = (words: string): void => void process.stderr.write(`${words}\n`);

/** The last line of a bench: its figures as JSON. */
export const conclude = (figures: Readonly<Record<string, unknown>>): void =>
  void process.stdout.write(`${JSON.stringify(figures)}\n`);

/** What figures were taken on. */
export const machine = (): string =>
  `${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? "unknown"}), ${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.version}`;
