import type {
  EmailFiles,
  EmailInput,
  EmailView,
  ListedFile,
  NoticeView,
  PartInput,
  ReportTexts,
  SectionView,
  SizeStep,
} from "#compose/plan/email.ts";
import { filtersText, isEmptyNote, overviewOf, sectionsOf } from "#compose/plan/sections.ts";
import { cut, defaultSubject, headerText, ownSubject } from "#compose/plan/subject.ts";
import { asOfDay, asOfInWords, inWords } from "#compose/plan/words/dates.ts";
import { numberFormat } from "#compose/plan/words/formats.ts";
import { wordsFor } from "#compose/plan/words/languages.ts";
import type { DayPart, MailWords } from "#compose/plan/words/words.ts";
import { inLanguage, type Report } from "#model/report.ts";

/** Decides every word of an email, in the recipient's language, locale and zone. Throws `compose.header` for a subject with a line break. */
export const planEmail = (input: EmailInput, texts: ReportTexts, files: EmailFiles): EmailView => {
  const { delivery, report } = input;
  const { language, words } = wordsFor(delivery.locale);
  const { locale, zone, nominal, filters } = delivery;
  const sections = sectionsOf(input, files);
  const notices = noticesOf(input, files, words);
  const subject = markedSubject(input, subjectOf(input, texts, words), words);
  return {
    language,
    subject,
    preheader: preheaderOf({ input, files, notices, sections, subject }, words),
    title: inLanguage(report.title, locale),
    date: inWords(nominal, { locale, zone, style: "full" }),
    audience: filters === "all" ? null : filtersText(filters, locale),
    asOf: asOfLine(input, words),
    greeting: texts.greeting ?? greetingOf(input, words),
    intro: paragraphsOf(texts.intro),
    notices,
    overview: overviewOf(sections),
    sections,
    openLive: words.openLive,
    attached: attachedOf(files.attachments, words, locale),
    footer: footerOf(input, texts, words),
    stop: input.stopUrl === null ? null : { url: input.stopUrl, words: words.stop },
  };
};

/** That it corrects another stands first, where a mailbox full of the same subjects shows it. */
const markedSubject = ({ delivery }: EmailInput, subject: string, words: MailWords): string =>
  delivery.correction === undefined ? subject : `${words.correctionTitle}: ${subject}`;

const subjectOf = ({ delivery, report, parts, notice }: EmailInput, texts: ReportTexts, words: MailWords): string => {
  const { locale, zone, nominal, filters } = delivery;
  if (texts.subject !== null && texts.subject.trim() !== "") return headerText("subject", ownSubject(texts.subject));
  // A figure that the email doesn't show stays out of its subject.
  const shown = notice === "late-note" ? [] : parts.filter((part) => !part.missing && !isEmptyNote(part));
  const first = shown.find((part) => part.facts.length > 0);
  // A section's figure under the name of all of them would be a lie.
  const isOneOfSeveral = first !== undefined && first.part.heading !== null && parts.length > 1;
  const subject = defaultSubject({
    filters: isOneOfSeveral ? first.part.filters : filters,
    fact: first?.facts[0] ?? null,
    instead: notice !== "late-note" && parts.every(isEmptyNote) ? words.noRows : null,
    others: isOneOfSeveral ? parts.filter((part) => part !== first).map(subjectPart) : [],
    title: inLanguage(report.title, locale),
    date: inWords(nominal, { locale, zone, style: "short" }),
    andMore: words.andMore,
  });
  return headerText("subject", subject);
};

const subjectPart = ({ part, facts }: PartInput) => ({ filters: part.filters, fact: facts[0] ?? null });

const greetingOf = ({ delivery }: EmailInput, words: MailWords): string | null => {
  const name = delivery.recipientName.trim();
  if (name === "") return null;
  const { hour } = delivery.nominal.toZonedDateTimeISO(delivery.zone);
  return words.greeting(dayPartOf(hour), cut(name, 80));
};

const dayPartOf = (hour: number): DayPart => {
  if (hour < 12) return "morning";
  return hour < 18 ? "day" : "evening";
};

const paragraphsOf = (text: string | null): readonly string[] =>
  (text ?? "")
    .split(/\n\s*\n/)
    .map((paragraph) => paragraph.replaceAll(/\s+/g, " ").trim())
    .filter((paragraph) => paragraph !== "");

const noticesOf = (input: EmailInput, files: EmailFiles, words: MailWords): readonly NoticeView[] => {
  const { locale, zone, nominal, trial, recipientName } = input.delivery;
  const notices: NoticeView[] = [];
  const { correction } = input.delivery;
  if (correction !== undefined) {
    const text = words.correction(cut(correction.reason, 300));
    notices.push({ tone: "late", title: words.correctionTitle, text });
  }
  if (trial) notices.push({ tone: "trial", title: words.trialTitle, text: words.trial(cut(recipientName, 80)) });
  if (input.notice === "late-data") {
    const day = input.dataAsOf === null ? null : asOfDay(input.dataAsOf, { locale, zone });
    notices.push({ tone: "late", title: null, text: words.lateData(day) });
  }
  if (input.notice === "late-note") {
    notices.push({
      tone: "late",
      title: null,
      text: words.lateNote(inWords(nominal, { locale, zone, style: "long" })),
    });
  }
  return [...notices, ...leftOutNotices(files, words)];
};

/** What the size budget took away, in the reader's words. */
const leftOutNotices = (files: EmailFiles, words: MailWords): readonly NoticeView[] =>
  files.steps
    .map((step) => stepInWords(step, files, words))
    .filter((text) => text !== null)
    .map((text) => ({ tone: "note", title: null, text }));

/** Better compression of the same picture is no news to a reader. */
const stepInWords = (step: SizeStep, { steps, attachments }: EmailFiles, words: MailWords): string | null => {
  switch (step) {
    case "palette":
    case "jpeg":
      return null;
    case "small-jpeg":
      return steps.includes("without-pictures") ? null : words.leftOut.jpeg;
    case "without-pictures":
      return attachments.some((file) => file.kind === "pdf") ? words.pictureInPdf : words.leftOut.pictures;
    case "without-xlsx":
      return words.leftOut.xlsx;
    case "without-csv":
      return words.leftOut.csv;
    case "without-pdf":
      return words.leftOut.pdf;
  }
};

interface PreheaderInput {
  readonly input: EmailInput;
  readonly files: EmailFiles;
  readonly notices: readonly NoticeView[];
  readonly sections: readonly SectionView[];
  readonly subject: string;
}

/** What a mail client shows after the subject: the trouble if there is one, else the further figures; never the first line again. */
const preheaderOf = ({ input, files, notices, sections, subject }: PreheaderInput, words: MailWords): string => {
  const late = notices.find((notice) => notice.tone === "late");
  if (late !== undefined) return late.text;
  const figures = furtherFigures(sections, subject);
  const note = sections.flatMap((section) => section.notes)[0];
  const kinds = fileKinds(files.attachments);
  const rest = [
    asOfText(input) === null ? "" : `${words.dataAsOf} ${asOfText(input)}`,
    kinds.length === 0 ? "" : words.attachedFormats(kinds),
  ].filter((text) => text !== "");
  const [first = inWords(input.delivery.nominal, { ...input.delivery, style: "full" })] = rest;
  return cut(note ?? (figures.length > 0 ? figures.join(" · ") : first), 140);
};

/** Of several sections what the subject doesn't say of their figures; of one its own further figures. */
const furtherFigures = (sections: readonly SectionView[], subject: string): readonly string[] => {
  const overview = overviewOf(sections);
  if (overview === null) {
    const all = sections.flatMap(({ lead, facts }) => (lead === null ? facts : [lead, ...facts]));
    return all.slice(1, 4).map(({ label, shown, change }) => [label, shown, change ?? ""].join(" ").trim());
  }
  const news = overview.rows.map(({ heading, shown, change }) => ({
    heading,
    figures: [shown, change ?? ""].filter((figure) => figure !== "" && !subject.includes(figure)),
  }));
  return news
    .filter(({ figures }) => figures.length > 0)
    .slice(0, 4)
    .map(({ heading, figures }) => [heading, ...figures].join(" "));
};

const fileKinds = (attachments: readonly ListedFile[]) =>
  (["pdf", "xlsx", "csv"] as const).filter((kind) => attachments.some((file) => file.kind === kind));

const attachedOf = (files: readonly ListedFile[], words: MailWords, locale: string): EmailView["attached"] =>
  files.length === 0
    ? null
    : {
        title: words.attached,
        files: files.map(({ name, kind, bytes }) => ({
          name,
          kind: kind.toUpperCase(),
          size: sizeInWords(bytes, locale),
        })),
      };

/** `142 kB`, `1.2 MB`, in the recipient's way of writing. */
export const sizeInWords = (bytes: number, locale: string): string => {
  const [amount, unit] = bytes < 1_000_000 ? [Math.max(1, bytes / 1000), "kilobyte"] : [bytes / 1_000_000, "megabyte"];
  const digits = unit === "kilobyte" ? 0 : 1;
  return numberFormat(locale, { style: "unit", unit, maximumFractionDigits: digits }).format(amount);
};

const asOfText = ({ delivery, dataAsOf, parts, notice }: EmailInput): string | null => {
  if (notice === "late-note") return null;
  const given = [dataAsOf, ...parts.map((part) => part.dataAsOf)].filter((text) => text !== null && text.trim() !== "");
  const texts = new Set(given.map((text) => cut(asOfInWords(text ?? "", delivery), 80)));
  return texts.size === 0 ? null : [...texts].join(" · ");
};

/** The date of the data beside the title, unless a notice says it already. */
const asOfLine = (input: EmailInput, words: MailWords): string | null => {
  const text = asOfText(input);
  const isSaid = input.notice === "late-data" && input.dataAsOf !== null;
  return text === null || isSaid ? null : `${words.dataAsOf} ${text}`;
};

/** What stands under the title already isn't said again. */
const footerOf = (input: EmailInput, texts: ReportTexts, words: MailWords): EmailView["footer"] => {
  const { delivery, report } = input;
  const title = inLanguage(report.title, delivery.locale);
  return [
    ...(delivery.filters === "all" ? [{ title: words.filters, text: words.everything }] : []),
    { title: words.whyTitle, text: words.why(cut(title, 120), cut(delivery.label, 80)) },
    ...contactOf(report, texts, words),
  ];
};

/** The report's own words stand alone: they often begin with “Questions?”. */
const contactOf = ({ owner }: Report, { contact }: ReportTexts, words: MailWords): EmailView["footer"] => {
  if (contact !== null) return [{ title: null, text: contact }];
  return owner === null ? [] : [{ title: words.contactTitle, text: words.contact(owner) }];
};
