import type { DataRequest } from "#model/render.ts";
import type { ParameterName } from "#proof/plan/carried.ts";
import { carriedBy } from "#proof/plan/carried.ts";
import type { Finding, Question, Wanted } from "#proof/plan/judgement.ts";
import { together } from "#proof/plan/judgement.ts";
import { exact, exactSet, namesLike, own, quoted } from "#proof/plan/names.ts";

/**
 * Proves a picture by the page load that drew it: every data request carried the filter with exactly its values, no answer
 * holds somebody else's, and an element that was declared shows them.
 */
export const judgePage = (question: Question, wanted: readonly Wanted[]): Finding => {
  const requests = question.evidence.requests.filter(({ url }) => !isIgnored(url, question.rules.ignoreRequests));
  return together(wanted.map((one) => judgeFilter(one, requests, question)));
};

const isIgnored = (url: string, parts: readonly string[]): boolean =>
  parts.some((part) => part !== "" && url.includes(part));

/** A request that was refused or never answered fed no tile: it neither proves anything nor has to carry anything. */
const isAnswered = ({ status }: DataRequest): boolean => status >= 200 && status < 400;

const judgeFilter = (one: Wanted, requests: readonly DataRequest[], question: Question): Finding => {
  const answered = requests.filter(isAnswered);
  const foreign = foreignAnswer(one, answered, question);
  if (foreign !== null) return foreign;
  const asked = judgeRequests(one, answered, question);
  if (asked.verdict === "mismatch") return asked;
  const shown = judgeElement(one, question);
  if (shown === null) return asked;
  if (requests.length === 0) return shown;
  if (asked.verdict === "unproven" && shown.verdict === "proven") return shownOnly(asked, shown);
  return together([asked, shown]);
};

/** What people see isn't what was asked for: the trap of a filter that is displayed and not applied. */
const shownOnly = (asked: Finding, shown: Finding): Finding => ({
  verdict: "unproven",
  evidence: [
    ...asked.evidence,
    ...shown.evidence,
    "A page can show a filter and not apply it. If these requests feed no tile, name them in proof.ignoreRequests.",
  ],
});

/** An answer with somebody else's rows, whatever the request had asked for; `null` when none was seen. */
const foreignAnswer = (one: Wanted, answered: readonly DataRequest[], question: Question): Finding | null => {
  const wanted = exactSet(one.values);
  for (const { url, columns } of answered) {
    for (const column of columnsFor(one.filter, Object.keys(columns ?? {}), question)) {
      const foreign = (own(columns ?? {}, column) ?? []).map(exact).filter((value) => !wanted.has(value));
      if (foreign.length > 0) return foreignFinding(one.filter, { url, column, foreign });
    }
  }
  return null;
};

const columnsFor = (filter: string, columns: readonly string[], question: Question): readonly string[] => {
  const named = [own(question.rules.columns, filter), own(question.filterColumns, filter)];
  return columns.filter((column) => named.includes(column) || namesLike(filter, [column]).length > 0);
};

const foreignFinding = (
  filter: string,
  { url, column, foreign }: { readonly url: string; readonly column: string; readonly foreign: readonly string[] },
): Finding => ({
  verdict: "mismatch",
  evidence: [
    `${filter}: the answer of ${place(url)} holds ${quoted([...new Set(foreign)])} in “${column}”. ` +
      "If that request only fills a menu, name it in proof.ignoreRequests.",
  ],
});

const judgeRequests = (one: Wanted, answered: readonly DataRequest[], question: Question): Finding => {
  const { filter, values } = one;
  if (answered.length === 0) return unproven(nothingAsked(filter, question.evidence.requests.length));
  const name = parameterFor(filter, question);
  const said = answered.map((request) => ({ url: request.url, carried: carriedBy(request, name, values) }));
  for (const { url, carried } of said) {
    if (carried.as === "other") {
      return {
        verdict: "mismatch",
        evidence: [`${filter}: ${place(url)} asked for ${quoted(carried.values)} instead.`],
      };
    }
  }
  const large = answered.find(({ isTooLarge }) => isTooLarge === true);
  if (large !== undefined) {
    return unproven(
      `${filter}: the answer of ${place(large.url)} is too large to be looked at. Narrow the view, or name the request in proof.ignoreRequests.`,
    );
  }
  const without = said.filter(({ carried }) => carried.as === "absent").map(({ url }) => url);
  if (without.length === 0) return { verdict: "proven", evidence: [allCarried(filter, answered.length, values)] };
  return unproven(notCarried(filter, name, { without, of: answered.length }));
};

const parameterFor = (filter: string, question: Question): ParameterName => {
  const declared = own(question.rules.parameters, filter) ?? own(question.filterParameters, filter);
  return declared === undefined ? { like: filter } : { exactly: declared };
};

const allCarried = (filter: string, count: number, values: readonly string[]): string =>
  `${filter}: ${count === 1 ? "the one data request" : `each of ${count} data requests`} of the page asked for ${quoted(values)}.`;

const nothingAsked = (filter: string, seen: number): string =>
  seen === 0
    ? `${filter}: no data request of the page was seen. Name an element that shows the values in proof.elements: { ${filter}: … }, or ask for the CSV.`
    : `${filter}: none of the page's ${seen} data requests was answered or had to carry the filter.`;

const notCarried = (
  filter: string,
  name: ParameterName,
  { without, of }: { readonly without: readonly string[]; readonly of: number },
): string => {
  const parameter = "exactly" in name ? `the parameter “${name.exactly}”` : "a parameter named like it";
  const first = without[0] === undefined ? "" : ` (${place(without[0])})`;
  return (
    `${filter}: ${without.length} of ${of} data requests of the page don't carry ${parameter}${first}. ` +
    `If it has another name there, say so in proof.parameters: { ${filter}: … }; requests that feed no tile go to proof.ignoreRequests.`
  );
};

/** The declared element's finding; `null` when none is declared for the filter. */
const judgeElement = ({ filter, values }: Wanted, { rules, evidence }: Question): Finding | null => {
  const selector = own(rules.elements, filter);
  if (selector === undefined) return null;
  const text = own(evidence.elements, selector);
  if (text === undefined)
    return unproven(`${filter}: the page has no element ${selector}, which proof.elements names.`);
  if (!showsExactly(text, filter, values)) {
    return unproven(`${filter}: the element ${selector} shows “${text.trim().slice(0, 120)}”, not ${quoted(values)}.`);
  }
  return { verdict: "proven", evidence: [`${filter}: the element ${selector} shows ${quoted(values)}.`] };
};

/** True when the text is the values and nothing else but the filter's own name and punctuation between them. */
const showsExactly = (text: string, filter: string, values: readonly string[]): boolean => {
  const label = exact(filter).toLowerCase();
  const whole = exact(text);
  let rest = whole.toLowerCase().startsWith(label) && !startsAny(whole, values) ? whole.slice(label.length) : whole;
  // The longest first, so that “North East” isn't read as “North” with something left over.
  for (const value of [...exactSet(values)].sort((a, b) => b.length - a.length)) {
    if (!rest.includes(value)) return false;
    rest = rest.replaceAll(value, " ; ");
  }
  return /^[\s,;:·|•/+&()[\]"'“”‘’–—-]*$/u.test(rest);
};

const startsAny = (text: string, values: readonly string[]): boolean =>
  values.some((value) => text.startsWith(exact(value)));

/** Method-less and query-less: addresses may hold values that don't belong into a log. */
const place = (url: string): string => (URL.canParse(url) ? new URL(url).pathname : (url.split("?")[0] ?? url));

const unproven = (sentence: string): Finding => ({ verdict: "unproven", evidence: [sentence] });
