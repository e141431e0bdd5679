import type { EmailFiles, EmailInput, FactView, OverviewView, PartInput, SectionView } from "#compose/plan/email.ts";
import { cut } from "#compose/plan/subject.ts";
import { inWords } from "#compose/plan/words/dates.ts";
import { wordsFor } from "#compose/plan/words/languages.ts";
import type { MailWords } from "#compose/plan/words/words.ts";
import { canonicalFilters, type Filters, filtersInWords } from "#model/filters.ts";
import type { ShownFact } from "#model/message.ts";
import { inLanguage } from "#model/report.ts";

/** Longer than any sensible choice of filters; a list of 500 shops is cut in the text and whole in the files. */
const mostOfFilters = 220;

/** One section per part: heading, facts as text, picture, notes and the way to the live view. */
export const sectionsOf = (input: EmailInput, files: EmailFiles): readonly SectionView[] =>
  input.notice === "late-note" ? [] : input.parts.map((part, at) => sectionOf({ input, part, at, files }));

interface SectionInput {
  readonly input: EmailInput;
  readonly part: PartInput;
  readonly at: number;
  readonly files: EmailFiles;
}

const sectionOf = ({ input, part, at, files }: SectionInput): SectionView => {
  const { words } = wordsFor(input.delivery.locale);
  const bare = part.missing || isEmptyNote(part);
  const shown = bare ? undefined : files.pictures.find((picture) => picture.part === at);
  const { heading, filters } = headingOf(input, part);
  return {
    heading,
    filters,
    notes: notesOf(input, part, words),
    ...figuresOf(bare ? [] : part.facts),
    picture: shown === undefined ? null : { ...shown, alt: altText(input, part, words) },
    link: part.link !== null && /^https?:\/\//.test(part.link) ? part.link : null,
  };
};

/** The lead figures of several sections at a glance; `null` for one section, or where they have no figures. */
export const overviewOf = (sections: readonly SectionView[]): OverviewView | null => {
  const figures = sections.flatMap(({ heading, lead, facts, against }) => {
    const figure = lead ?? facts[0] ?? null;
    return heading === null || figure === null ? [] : [{ heading, figure, against: figure.against ?? against }];
  });
  const labels = new Set(figures.map(({ figure }) => figure.label));
  const [label] = labels;
  // Different figures under each other are no comparison: a bundle's reports speak for themselves.
  if (figures.length < 2 || labels.size > 1 || label === undefined) return null;
  const compared = new Set(figures.flatMap((one) => one.against ?? []));
  const [against = null] = compared.size === 1 ? compared : [];
  const rows = figures.map(({ heading, figure: { shown, change, tone } }) => ({ heading, shown, change, tone }));
  return { label, rows, against };
};

/**
 * True for a part without rows whose picture stays at home: a note in its place. So it is also where the report says to skip it and other
 * parts have rows, because the proof asks nothing of a picture that isn't sent.
 */
export const isEmptyNote = ({ rows, report, missing }: PartInput): boolean =>
  rows === 0 && report.empty !== "send" && !missing;

const headingOf = (
  { delivery, parts, report }: EmailInput,
  part: PartInput,
): Pick<SectionView, "heading" | "filters"> => {
  if (parts.length === 1) return { heading: null, filters: null };
  const views = new Set(parts.map((other) => `${other.report.name}/${other.view.name}`));
  const title = inLanguage(part.view.title, delivery.locale);
  const ofBundle = part.report.name !== report.name ? inLanguage(part.report.title, delivery.locale) : null;
  const names = [part.part.heading, views.size > 1 || part.part.heading === null ? (ofBundle ?? title) : null];
  const differs = canonicalFilters(part.part.filters) !== canonicalFilters(delivery.filters);
  return {
    heading: cut(names.filter((name) => name !== null).join(" · "), 120),
    filters: differs && part.part.heading === null ? filtersText(part.part.filters, delivery.locale) : null,
  };
};

/** Filters as the reader sees them, at a length that fits a page. */
export const filtersText = (filters: Filters, locale: string): string =>
  cut(filtersInWords(filters, wordsFor(locale).words.everything), mostOfFilters);

const notesOf = ({ delivery, parts }: EmailInput, part: PartInput, words: MailWords): readonly string[] => {
  const { locale } = delivery;
  if (part.missing) return [words.missingView(inLanguage(part.view.title, locale))];
  const notes: string[] = [];
  if (isEmptyNote(part)) {
    const all = part.part.filters === "all" && parts.length === 1;
    notes.push(all ? words.emptyAll : words.emptyPart(filtersText(part.part.filters, locale)));
  } else if (part.brokenTiles.length > 0) {
    notes.push(words.brokenTiles(cut(part.brokenTiles.map((tile) => words.quoted(cut(tile, 60))).join(", "), 240)));
  }
  return notes;
};

/** The first figure large and the others in a grid below it; two alone are equals. */
const figuresOf = (facts: readonly ShownFact[]): Pick<SectionView, "lead" | "facts" | "columns" | "against"> => {
  const [first, ...others] = facts;
  const grid = facts.length === 2 ? facts : others;
  const lead = first === undefined || facts.length === 2 ? null : factView(first);
  const columns = columnsFor(grid);
  const compared = new Set(grid.flatMap(({ change }) => (change === null ? [] : [change.against])));
  const [common = null] = compared.size === 1 ? compared : [];
  const views = grid.map((fact, at) => ({
    ...factView(fact),
    ...(common === null ? {} : { against: null }),
    last: (at + 1) % columns === 0 && at + 1 < grid.length,
  }));
  return { lead, facts: views, columns, against: common === lead?.against ? null : common };
};

const factView = ({ label, shown, change }: ShownFact): FactView => ({
  label,
  shown,
  change: change?.shown ?? null,
  against: change?.against ?? null,
  tone: change?.tone ?? "even",
  long: shown.length > 10,
  last: false,
});

/** As many beside each other as their figures have room: 576 px hold four figures of nine letters or three of thirteen. */
const columnsFor = (facts: readonly ShownFact[]): SectionView["columns"] => {
  const longest = Math.max(0, ...facts.map(({ shown }) => shown.length));
  if (facts.length <= 2 || longest > 13) return 2;
  if (facts.length === 4) return longest > 9 ? 2 : 4;
  return 3;
};

/** `Daily Sales, North, Thursday 19 November: Revenue 12,340, up 4.2%`: the figures are there when pictures are blocked. */
const altText = ({ delivery }: EmailInput, part: PartInput, words: MailWords): string => {
  const { locale, zone, nominal } = delivery;
  const values = part.part.filters === "all" ? [] : Object.values(part.part.filters).flat();
  const place = [
    inLanguage(part.view.title, locale),
    cut(values.join(", "), 80),
    inWords(nominal, { locale, zone, style: "long" }),
  ].filter((word) => word !== "");
  const figures = part.facts.filter((fact) => fact.value !== null).map((fact) => spokenFact(fact, words));
  return figures.length === 0 ? `${words.picture}: ${place.join(", ")}` : `${place.join(", ")}: ${figures.join("; ")}`;
};

/** A fact without arrows, which a screen reader would read as “black up-pointing triangle”. */
const spokenFact = ({ label, shown, change }: ShownFact, words: MailWords): string => {
  if (change === null) return `${label} ${shown}`;
  const amount = change.shown.replace(/^[▲▼] /u, "");
  if (change.shown === amount) return `${label} ${shown}, ${amount}`;
  return `${label} ${shown}, ${change.shown.startsWith("▲") ? words.up(amount) : words.down(amount)}`;
};
