/** What stands between the columns of a CSV. */
export type Separator = "," | ";" | "\t";

/**
 * The separator of a CSV by its first line: the commonest of the three outside quotes, the comma where there is none. The proof and the
 * files that people get must read the same rows, so both ask here.
 */
export const separatorOf = (csv: string): Separator => {
  const counts: Record<Separator, number> = { ",": 0, ";": 0, "\t": 0 };
  let isQuoted = false;
  for (const char of csv) {
    if (char === '"') isQuoted = !isQuoted;
    else if (isQuoted) continue;
    else if (char === "\n" || char === "\r") break;
    else if (char === "," || char === ";" || char === "\t") counts[char] += 1;
  }
  if (counts[";"] > counts[","] && counts[";"] >= counts["\t"]) return ";";
  return counts["\t"] > counts[","] ? "\t" : ",";
};
