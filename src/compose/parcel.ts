import type { Encoding, Picture, PictureWriter } from "#compose/pictures.ts";
import { nextStep, type Weights, wireBytes } from "#compose/plan/budget.ts";
import type { EmailFiles, EmailInput, PartInput, SizeStep } from "#compose/plan/email.ts";
import { fileNames, type NamedFile } from "#compose/plan/names.ts";
import { isEmptyNote } from "#compose/plan/sections.ts";
import { dateIn } from "#compose/plan/words/dates.ts";
import { csvForPeople, fitsExcel, xlsxForPeople } from "#compose/tables.ts";
import type { Delivery } from "#model/delivery.ts";
import { Fault } from "#model/fault.ts";
import type { Table } from "#model/message.ts";
import type { Format } from "#model/people.ts";
import { inLanguage } from "#model/report.ts";

/** A drawn file with the SHA-256 of its bytes. */
export interface DrawnFile {
  readonly sha256: string;
  readonly bytes: Uint8Array;
}

/** One part with its drawn files and the rows of its CSV. */
export interface PartFiles {
  readonly input: PartInput;
  readonly files: Readonly<Partial<Record<Format, DrawnFile>>>;
  readonly table: Table | null;
}

/** What is packed: the parts in the delivery's order, and how large the whole email may become. */
export interface Packing {
  readonly input: EmailInput;
  readonly gathered: readonly PartFiles[];
  readonly budgetBytes: number;
}

/** One file of an email: a picture inside the text or an attachment. */
export interface Piece {
  readonly part: number;
  readonly kind: "picture" | "pdf" | "xlsx" | "csv";
  readonly name: string;
  readonly mediaType: string;
  readonly content: Uint8Array;
  readonly picture: Picture | null;
  /** What the picture was drawn as, to write it anew. */
  readonly source: DrawnFile | null;
}

/** The files of an email, and what was done to keep them small. */
export interface Parcel {
  readonly pieces: readonly Piece[];
  readonly steps: readonly SizeStep[];
}

const mediaTypes = {
  pdf: "application/pdf",
  csv: "text/csv; charset=utf-8",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
} as const;

/** All files that a delivery's formats ask for, at their best, then made smaller until the budget holds. Throws `compose.too-large`. */
export const packFiles = async (
  { input, gathered, budgetBytes }: Packing,
  pictures: PictureWriter,
): Promise<Parcel> => {
  const pieces: Unnamed[] = [];
  for (const [part, given] of gathered.entries()) {
    // A part without rows has a sentence in place of its files; a picture of nothing would only raise questions.
    if (given.input.missing || isEmptyNote(given.input) || input.notice === "late-note") continue;
    pieces.push(...(await piecesOf({ part, given, delivery: input.delivery }, pictures)));
  }
  const names = namesOf(pieces, input);
  const tooLong =
    input.delivery.formats.includes("xlsx") && gathered.some(({ table }) => table !== null && !fitsExcel(table));
  const steps: readonly SizeStep[] = tooLong ? ["without-xlsx"] : [];
  const first = { pieces: pieces.map((piece, at) => ({ ...piece, name: names[at] ?? "report" })), steps };
  return withinBudget(first, budgetBytes, pictures);
};

type Unnamed = Omit<Piece, "name">;

interface OnePart {
  readonly part: number;
  readonly given: PartFiles;
  readonly delivery: Delivery;
}

const piecesOf = async ({ part, given, delivery }: OnePart, pictures: PictureWriter): Promise<readonly Unnamed[]> => {
  const { files, table, input } = given;
  const wants = (format: Format) => delivery.formats.includes(format);
  const title = inLanguage(input.view.title, delivery.locale);
  const pieces: Unnamed[] = [];
  if (files.png !== undefined && wants("png"))
    pieces.push(await picturePiece({ part, source: files.png }, "best", pictures));
  if (files.pdf !== undefined && wants("pdf")) pieces.push(filePiece(part, "pdf", files.pdf.bytes));
  if (table !== null && wants("xlsx") && fitsExcel(table))
    pieces.push(filePiece(part, "xlsx", await xlsxForPeople(table, title)));
  if (table !== null && wants("csv")) pieces.push(filePiece(part, "csv", csvForPeople(table)));
  return pieces;
};

const filePiece = (part: number, kind: "pdf" | "xlsx" | "csv", content: Uint8Array): Unnamed => ({
  part,
  kind,
  mediaType: mediaTypes[kind],
  content,
  picture: null,
  source: null,
});

interface DrawnPart {
  readonly part: number;
  readonly source: DrawnFile;
}

const picturePiece = async (
  { part, source }: DrawnPart,
  encoding: Encoding,
  pictures: PictureWriter,
): Promise<Unnamed> => {
  const picture = await pictures.write(source.sha256, source.bytes, encoding);
  return { part, kind: "picture", mediaType: picture.mediaType, content: picture.bytes, picture, source };
};

const namesOf = (pieces: readonly Unnamed[], { delivery, parts }: EmailInput): readonly string[] => {
  const views = new Set(parts.map(({ report, view }) => `${report.name}/${view.name}`));
  const files = pieces.map(({ part, kind }): NamedFile => {
    const of = parts[part];
    return {
      report: of?.report.name ?? delivery.report,
      view: views.size > 1 ? (of?.view.name ?? null) : null,
      filters: of?.part.filters ?? "all",
      date: dateIn(delivery.nominal, delivery.zone),
      format: kind === "picture" ? "png" : kind,
    };
  });
  return fileNames(files);
};

/** About what the text, the HTML and the headers take at most; they are written only when the files are settled. */
const textBytes = 110_000;

const withinBudget = async (first: Parcel, budgetBytes: number, pictures: PictureWriter): Promise<Parcel> => {
  let parcel = first;
  for (;;) {
    const weights = weightsOf(parcel, budgetBytes);
    const decision = nextStep(weights);
    if (decision.do === "fits") return parcel;
    if (decision.do === "too-large") {
      throw new Fault("compose.too-large", `the email has ${wireBytes(weights)} bytes without any file`, {
        hint: "Raise mail.sizeBudget; it must at least hold a text.",
      });
    }
    parcel = await takeStep(parcel, decision.do, pictures);
  }
};

const weightsOf = ({ pieces, steps }: Parcel, budgetBytes: number): Weights => {
  const sum = (kind: Piece["kind"]) =>
    pieces.filter((piece) => piece.kind === kind).reduce((bytes, { content }) => bytes + content.byteLength, 0);
  return {
    budgetBytes,
    textBytes,
    pictures: sum("picture"),
    pdf: sum("pdf"),
    xlsx: sum("xlsx"),
    csv: sum("csv"),
    taken: steps,
  };
};

const takeStep = async ({ pieces, steps }: Parcel, step: SizeStep, pictures: PictureWriter): Promise<Parcel> => {
  const taken = [...steps, step];
  const without = (kind: Piece["kind"]) => ({ pieces: pieces.filter((piece) => piece.kind !== kind), steps: taken });
  switch (step) {
    case "palette":
    case "jpeg":
    case "small-jpeg":
      return { pieces: await Promise.all(pieces.map((piece) => smaller(piece, step, pictures))), steps: taken };
    case "without-pictures":
      return without("picture");
    case "without-xlsx":
      return without("xlsx");
    case "without-csv":
      return without("csv");
    case "without-pdf":
      return without("pdf");
  }
};

/** The piece with its picture written anew, unless that made it larger: a flat dashboard's JPEG often is. */
const smaller = async (piece: Piece, encoding: Encoding, pictures: PictureWriter): Promise<Piece> => {
  if (piece.source === null) return piece;
  const anew = await picturePiece({ part: piece.part, source: piece.source }, encoding, pictures);
  if (anew.content.byteLength >= piece.content.byteLength) return piece;
  return { ...anew, name: piece.name.replace(/\.[a-z]+$/, `.${anew.picture?.extension ?? "png"}`) };
};

/** Widest a picture is shown: the column of 640 without its margins. */
const columnWidth = 576;

/** Pixels for each point at which a picture still looks sharp. A narrow view, which a phone shows legibly, may fill a wide screen's column. */
const sharpEnough = 1.5;

/** The files as the email's text shows and lists them. */
export const filesOf = ({ pieces, steps }: Parcel, { parts }: EmailInput): EmailFiles => ({
  pictures: pieces.flatMap(({ part, picture, kind }) => {
    if (kind !== "picture" || picture === null) return [];
    const own = parts[part]?.view.width ?? columnWidth;
    const width = Math.min(columnWidth, picture.width, Math.max(own, Math.floor(picture.width / sharpEnough)));
    return [
      { part, cid: cidOf(part), width, height: Math.max(1, Math.round((picture.height * width) / picture.width)) },
    ];
  }),
  attachments: pieces
    .filter(({ kind }) => kind !== "picture")
    .map(({ name, kind, content }) => ({ name, kind, bytes: content.byteLength })),
  steps,
});

/** A part's content id. It holds no address of ours and is the same in every email: it only has to be unique within one. */
export const cidOf = (part: number): string => `picture-${part + 1}@daybreak`;
