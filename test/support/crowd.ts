import { expect } from "vitest";
import { lineOfRow, linesOf } from "./ledger.ts";
import { usualDay } from "./morning.ts";
import { type Email, emailOf, fileWith, rowsOf } from "./outbox.ts";
import type { Sink } from "./sink.ts";

const perRegion = process.env["DAYBREAK_LONG"] === "1" ? 84 : 3;
export const regions = ["North", "South", "East", "West", "Alpine & Lakes", "日本"];

/** Who is owed an email, and of which region. */
export const wanted = regions.flatMap((region, at) =>
  Array.from({ length: perRegion }, (_, n) => ({ email: `r${at}n${n}@example.com`, region })),
);

/** The same as a list. */
export const people = ["email,name,region", ...wanted.map(({ email, region }) => `${email},${email},${region}`)].join(
  "\n",
);

/** Judges the emails that arrived, and prints the figures: `uncertain` addresses may have one or none. */
export const judge = (what: string, emails: readonly Email[], uncertain: readonly string[]): void => {
  const counts = wanted.map(({ email }) => emails.filter(({ to }) => to.includes(email)).length);
  const lost = wanted.filter(({ email }, at) => counts[at] === 0 && !uncertain.includes(email));
  const doubled = wanted.filter((_, at) => (counts[at] ?? 0) > 1);
  const foreign = emails.filter((email) => {
    const region = wanted.find((one) => email.to.includes(one.email))?.region ?? "";
    const rows = rowsOf(fileWith(email, "csv").bytes).map(lineOfRow).sort();
    return JSON.stringify(rows) !== JSON.stringify(linesOf(usualDay, { Region: [region] }));
  });
  console.log(
    `${what}: lost / duplicates / uncertain / foreign / N: ${lost.length} / ${doubled.length} / ${uncertain.length} / ${foreign.length} / ${wanted.length}`,
  );
  expect([lost, doubled, foreign.map(({ to }) => to)]).toEqual([[], [], []]);
};

/** The emails that a mail server got. */
export const emailsOf = (sink: Sink): Promise<readonly Email[]> =>
  Promise.all(sink.messages.map(({ data }, at) => emailOf(String(at), Buffer.from(data, "latin1"))));
