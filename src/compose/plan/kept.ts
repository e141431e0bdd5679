/** How the figures of a sent email are kept, so that the next one can be compared with them. */
import type { PreviousFigure } from "#compose/plan/facts.ts";
import type { DeliveryPart } from "#model/delivery.ts";
import type { ShownFact } from "#model/message.ts";

type Part = Pick<DeliveryPart, "report" | "view" | "heading">;

/**
 * The name that a part's fact is kept under. The sections of one email have facts of the same names, so what the part shows stands
 * before it; never its place in the email, which changes when somebody puts another view first.
 */
export const keptName = ({ report, view, heading }: Part, name: string): string =>
  `${JSON.stringify([report, view, heading])}/${name}`;

/** A part's figures in what was sent last. Rows from before have the part's place in the name's stead (`0/revenue`). */
export const previousOf = (
  last: { readonly facts: readonly ShownFact[]; readonly date: string },
  part: Part,
  place: number,
): Readonly<Record<string, PreviousFigure>> => {
  const isOld = last.facts.every(({ name }) => /^\d+\//.test(name));
  const start = isOld ? `${place}/` : keptName(part, "");
  const own = last.facts.filter(({ name }) => name.startsWith(start));
  return Object.fromEntries(
    own.flatMap(({ name, value }) => (value === null ? [] : [[name.slice(start.length), { value, date: last.date }]])),
  );
};
