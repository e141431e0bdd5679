/** What the outgoing ping says of slots that are over. */

/** A slot that is over. */
export interface Ended {
  readonly report: string;
  readonly state: "closed" | "skipped";
  readonly reason: string | null;
  readonly sent: number;
  readonly lost: number;
}

/** A skip as somebody has wished it: a free day, a report that was taken away, an operator's own word. */
const wished = / is a free day |no longer in the configuration|\(cli:|\(page:/;

/** All is well when whatever was due went out, or was skipped because somebody wanted that. */
export const morningOf = (slots: readonly Ended[]): { readonly isWell: boolean; readonly words: string } => ({
  isWell: slots.every(isWell),
  words: slots.map(lineOf).join("\n"),
});

const isWell = ({ state, reason, lost }: Ended): boolean =>
  state === "closed" ? lost === 0 : wished.test(reason ?? "");

const lineOf = ({ report, state, reason, sent, lost }: Ended): string => {
  if (state === "skipped") return `${report}: skipped, ${reason ?? ""}`;
  return `${report}: ${sent} sent${lost === 0 ? "" : `, ${lost} not`}`;
};
