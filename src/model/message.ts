/** A picture shown inside the HTML, by content id. */
export interface InlinePicture {
  readonly cid: string;
  readonly fileName: string;
  readonly mediaType: string;
  readonly content: Uint8Array;
}

/** A file beside the text. */
export interface Attachment {
  readonly fileName: string;
  readonly mediaType: string;
  readonly content: Uint8Array;
}

/** A composed email before it becomes bytes. Addresses are `Name <a@b>` or `a@b`. */
export interface Message {
  readonly messageId: string;
  readonly from: string;
  readonly to: string;
  readonly cc: readonly string[];
  readonly bcc: readonly string[];
  readonly replyTo: string | null;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly inline: readonly InlinePicture[];
  readonly attachments: readonly Attachment[];
}

/** A message as bytes with the envelope that the mail server is told: what is stored, and what is sent. */
export interface StoredMessage {
  readonly deliveryId: string;
  readonly messageId: string;
  readonly from: string;
  readonly recipients: readonly string[];
  readonly subject: string;
  readonly bytes: Uint8Array;
}

/** Rows as they came from a view's CSV: every cell as text, in the order of the columns. */
export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** A fact as the reader saw it; kept with what was sent, so that tomorrow's change can be told. */
export interface ShownFact {
  readonly name: string;
  readonly label: string;
  /** `null`: the figure could not be had. */
  readonly value: number | null;
  readonly shown: string;
  readonly change: FactChange | null;
}

/** How a fact moved against another figure. */
export interface FactChange {
  /** `▲ 4.2%`, `▼ 1.3 pts` or the language's word for “unchanged”. */
  readonly shown: string;
  /** `vs Wed 18 Nov`. */
  readonly against: string;
  readonly tone: "good" | "bad" | "even";
}
