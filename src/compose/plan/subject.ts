import { Fault } from "#model/fault.ts";
import type { Filters } from "#model/filters.ts";
import type { ShownFact } from "#model/message.ts";

/** About what a mail client's list shows of a subject. */
const shownLength = 60;

/** A report's own subject may be longer, but not without end: its variables hold values of any length. */
const ownLength = 90;

/** What the default subject is made of. */
export interface SubjectInput {
  /** Of the part that the figure belongs to. */
  readonly filters: Filters;
  readonly fact: ShownFact | null;
  /** What stands in the figure's place where there is none: “no rows”. */
  readonly instead: string | null;
  /** The sections beside the one that the figure belongs to. */
  readonly others: readonly Pick<SubjectInput, "filters" | "fact">[];
  readonly title: string;
  readonly date: string;
  readonly andMore: (count: number) => string;
}

/**
 * `North 12,340 ▲ 4.2% · Daily Sales · Thu 19 Nov`: the figure first, never longer than 60 characters, the date always whole. Of several
 * sections each figure stands under its own name, or the first one's with the number of the others: `North 12,340, +2 more · …`.
 */
export const defaultSubject = (input: SubjectInput): string => {
  const { title, date } = input;
  const lead = input.others.length === 0 ? leadOf(input, true) : leadOfSeveral(input);
  const left = roomFor(lead, date);
  const shortTitle = left < 4 ? "" : cut(title, left);
  return [lead, shortTitle, date].filter((part) => part !== "").join(" · ");
};

const roomFor = (lead: string, date: string): number =>
  shownLength - lengthOf(lead) - lengthOf(date) - (lead === "" ? 3 : 6);

/** All figures if the title has room beside them, else the first with its change, else the first alone: the preheader goes on with figures. */
const leadOfSeveral = (input: SubjectInput): string => {
  const { title, date, others } = input;
  const all = [input, ...others].map(({ filters, fact }) => leadOf({ ...input, filters, fact, others: [] }, false));
  const leads = [all.join(", "), leadOf(input, true), leadOf(input, false)];
  return leads.find((lead) => roomFor(lead, date) >= lengthOf(title)) ?? leadOf(input, false);
};

const leadOf = ({ filters, fact, instead, others, date, andMore }: SubjectInput, withChange: boolean): string => {
  const figure = fact === null || fact.value === null ? "" : figureOf(fact, withChange);
  const more = others.length > 0 ? `, ${andMore(others.length)}` : "";
  const room = shownLength - lengthOf(date) - lengthOf(figure) - lengthOf(more) - 7;
  const name = cut(shortFilters(filters, andMore), figure === "" ? 24 : Math.min(24, Math.max(8, room - 8)));
  if (figure === "" && instead !== null) return name === "" ? instead : `${name}: ${instead}`;
  const lead = [name, figure].filter((part) => part !== "").join(" ");
  return lead === "" ? "" : `${lead}${more}`;
};

const figureOf = ({ shown, change }: ShownFact, withChange: boolean): string =>
  change === null || !withChange || lengthOf(change.shown) > 14 ? shown : `${shown} ${change.shown}`;

/** A report's own subject at a length that every client takes. */
export const ownSubject = (text: string): string => cut(text.trim(), ownLength);

/** The values of the first filter in a few words: `North`, `North, South`, `North +4 more`; nothing for “all”. */
export const shortFilters = (filters: Filters, andMore: (count: number) => string): string => {
  if (filters === "all") return "";
  const values = Object.values(filters)[0] ?? [];
  const all = values.join(", ");
  if (values.length <= 2 && lengthOf(all) <= 24) return all;
  return values.length === 1 ? all : `${cut(values[0] ?? "", 16)} ${andMore(values.length - 1)}`;
};

/** A header's text, refused with the field's name where it holds a line break or another control character: one more line would be one more header. */
export const headerText = (field: string, text: string): string => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
  if (/[\u0000-\u001f\u007f\u2028\u2029]/.test(text)) {
    throw new Fault("compose.header", `the ${field} holds a line break or another control character`, {
      hint: `Look at the report's “${field}” and at the values of the recipient's row that it shows.`,
    });
  }
  return text;
};

/** Text at most `most` letters long, cut at a whole letter (an emoji or an accented letter is one), with “…” where it was cut. */
export const cut = (text: string, most: number): string => {
  // Before letters are counted one by one, text that can't be short enough is cut roughly: 1,000,000 letters take a second.
  const rough = text.slice(0, most * 12);
  const letters = [...letterCutter.segment(rough)].map(({ segment }) => segment);
  if (letters.length <= most) return text.length === rough.length ? text : `${rough}…`;
  const kept = letters.slice(0, Math.max(0, most - 1)).join("");
  const space = kept.lastIndexOf(" ");
  return `${(space > kept.length * 0.6 ? kept.slice(0, space) : kept).replace(/[\s.,;:·–-]+$/u, "")}…`;
};

const letterCutter = new Intl.Segmenter("en", { granularity: "grapheme" });

const lengthOf = (text: string): number => (text.length > 1000 ? text.length : [...letterCutter.segment(text)].length);
