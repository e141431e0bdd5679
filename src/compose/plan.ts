import type {
  EmailFiles,
  EmailInput,
  EmailView,
  ListedFile,
  NoticeView,
  ReportTexts,
  SectionView,
  SizeStep,
} from "#compose/plan/email.ts";
import { filtersText, isEmptyNote, sectionsOf } from "#compose/plan/sections.ts";
import { cut, defaultSubject, headerText, ownSubject } from "#compose/plan/subject.ts";
import { asOfDay, asOfInWords, inWords, tagOf } from "#compose/plan/words/dates.ts";
import { wordsFor } from "#compose/plan/words/languages.ts";
import type { DayPart, MailWords } from "#compose/plan/words/words.ts";
import { inLanguage } from "#model/report.ts";

/** Decides every word of an email, in the recipient's language, locale and zone. Throws `compose.header` for a subject with a line break. */
export const planEmail = (input: EmailInput, texts: ReportTexts, files: EmailFiles): EmailView => {
  const { delivery, report } = input;
  const { language, words } = wordsFor(delivery.locale);
  const { locale, zone, nominal, filters } = delivery;
  const sections = sectionsOf(input, files);
  const notices = noticesOf(input, files, words);
  return {
    language,
    subject: subjectOf(input, texts, words),
    preheader: preheaderOf({ input, files, notices, sections }, words),
    title: inLanguage(report.title, locale),
    date: inWords(nominal, { locale, zone, style: "full" }),
    audience: filters === "all" ? null : filtersText(filters, locale),
    greeting: texts.greeting ?? greetingOf(input, words),
    intro: paragraphsOf(texts.intro),
    notices,
    sections,
    openLive: words.openLive,
    attached: attachedOf(files.attachments, words, locale),
    footer: footerOf(input, texts, words),
    stop: input.stopUrl === null ? null : { url: input.stopUrl, words: words.stop },
  };
};

const subjectOf = ({ delivery, report, parts, notice }: EmailInput, texts: ReportTexts, words: MailWords): string => {
  const { locale, zone, nominal, filters } = delivery;
  if (texts.subject !== null && texts.subject.trim() !== "") return headerText("subject", ownSubject(texts.subject));
  // A figure that the email doesn't show stays out of its subject.
  const shown = notice === "late-note" ? [] : parts.filter((part) => !part.missing && !isEmptyNote(part));
  const subject = defaultSubject({
    filters,
    fact: shown.flatMap((part) => part.facts)[0] ?? null,
    title: inLanguage(report.title, locale),
    date: inWords(nominal, { locale, zone, style: "short" }),
    andMore: words.andMore,
  });
  return headerText("subject", subject);
};

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
}

/** What a mail client shows after the subject: the trouble if there is one, else the further figures; never the first line again. */
const preheaderOf = ({ input, files, notices, sections }: PreheaderInput, words: MailWords): string => {
  const late = notices.find((notice) => notice.tone === "late");
  if (late !== undefined) return late.text;
  const all = sections.flatMap(({ lead, facts }) => (lead === null ? facts : [lead, ...facts]));
  const facts = all.slice(1, 4);
  const figures = facts.map(({ label, shown, change }) => [label, shown, change ?? ""].join(" ").trim());
  const note = sections.flatMap((section) => section.notes)[0];
  const kinds = fileKinds(files.attachments);
  const rest = [
    asOfText(input) === null ? "" : `${words.dataAsOf} ${asOfText(input)}`,
    kinds.length === 0 ? "" : words.attachedFormats(kinds),
  ].filter((text) => text !== "");
  const [first = inWords(input.delivery.nominal, { ...input.delivery, style: "full" })] = rest;
  return cut(note ?? (figures.length > 0 ? figures.join(" · ") : first), 140);
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
  return new Intl.NumberFormat(tagOf(locale), { style: "unit", unit, maximumFractionDigits: digits }).format(amount);
};

const asOfText = ({ delivery, dataAsOf, parts, notice }: EmailInput): string | null => {
  if (notice === "late-note") return null;
  const given = [dataAsOf, ...parts.map((part) => part.dataAsOf)].filter((text) => text !== null && text.trim() !== "");
  const texts = new Set(given.map((text) => cut(asOfInWords(text ?? "", delivery), 80)));
  return texts.size === 0 ? null : [...texts].join(" · ");
};

const footerOf = (input: EmailInput, texts: ReportTexts, words: MailWords): EmailView["footer"] => {
  const { delivery, report } = input;
  const asOf = asOfText(input);
  const contact = texts.contact ?? (report.owner === null ? null : words.contact(report.owner));
  const title = inLanguage(report.title, delivery.locale);
  return [
    { title: words.filters, text: filtersText(delivery.filters, delivery.locale) },
    ...(asOf === null ? [] : [{ title: words.dataAsOf, text: asOf }]),
    { title: words.whyTitle, text: words.why(cut(title, 120), cut(delivery.label, 80)) },
    ...(contact === null ? [] : [{ title: words.contactTitle, text: contact }]),
  ];
};
