import { cidOf, filesOf, type Packing, type Piece, packFiles } from "#compose/parcel.ts";
import type { PictureWriter } from "#compose/pictures.ts";
import type { EmailInput, EmailView, ReportTexts, SizeStep } from "#compose/plan/email.ts";
import { variablesOf } from "#compose/plan/texts.ts";
import { planEmail } from "#compose/plan.ts";
import { compileText, type Templates } from "#compose/templates.ts";
import type { Message } from "#model/message.ts";
import { inLanguage, type Words } from "#model/report.ts";

/** What an email is written with. */
export interface Desk {
  readonly templates: Templates;
  readonly pictures: PictureWriter;
}

/** A written email without its addresses: texts, pictures and files. */
export interface Letter extends Pick<Message, "subject" | "text" | "html" | "inline" | "attachments"> {
  /** What the templates were filled with. */
  readonly view: EmailView;
  /** What was done to keep it small, and the same in words for the operator. */
  readonly steps: readonly SizeStep[];
  readonly notes: readonly string[];
}

/** Writes one email from what was gathered for it. Nothing is stored or sent. */
export const assemble = async (packing: Packing, { templates, pictures }: Desk): Promise<Letter> => {
  const { input } = packing;
  const texts = textsOf(input);
  const parcel = await packFiles(packing, pictures);
  const view = planEmail(input, texts, filesOf(parcel, input));
  const filled = await templates.fill(input.report.template, view);
  return {
    ...filled,
    inline: parcel.pieces.filter(({ kind }) => kind === "picture").map(inlineOf),
    attachments: parcel.pieces.filter(({ kind }) => kind !== "picture").map(attachmentOf),
    view,
    steps: parcel.steps,
    notes: parcel.steps.map((step) => stepNotes[step]),
  };
};

/** The report's own texts in the recipient's language, with their variables filled in. Throws `compose.template` naming the text. */
export const textsOf = (input: EmailInput): ReportTexts => {
  const { report, delivery } = input;
  const variables = variablesOf(input);
  const fill = (name: string, words: Words | null): string | null =>
    words === null
      ? null
      : compileText(`${report.name}.${name}`, inLanguage(words, delivery.locale), "plain")(variables);
  return {
    subject: fill("subject", report.subject),
    greeting: fill("greeting", report.greeting),
    intro: fill("intro", report.intro),
    contact: fill("contact", report.contact),
  };
};

const inlineOf = ({ part, name, mediaType, content }: Piece): Letter["inline"][number] => ({
  cid: cidOf(part),
  fileName: name,
  mediaType,
  content,
});

const attachmentOf = ({ name, mediaType, content }: Piece): Letter["attachments"][number] => ({
  fileName: name,
  mediaType,
  content,
});

const stepNotes: Readonly<Record<SizeStep, string>> = {
  palette: "size budget: pictures in 256 colours",
  jpeg: "size budget: pictures as JPEG",
  "small-jpeg": "size budget: pictures as small JPEG",
  "without-xlsx": "size budget: sent without the Excel file",
  "without-pictures": "size budget: sent without the pictures",
  "without-csv": "size budget: sent without the CSV",
  "without-pdf": "size budget: sent without the PDF",
};
