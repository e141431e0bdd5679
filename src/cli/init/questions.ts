/** The questions of `init`, each answered by the command line or by a person. */
import type { FirstSignIn } from "#actions/first-files.ts";
import type { Asker, Choice } from "#cli/ask.ts";
import { type InitOptions, needed, readFilter } from "#cli/init/options.ts";
import { addressMistake, mailboxMistake, mailboxOf } from "#model/address.ts";
import { Fault } from "#model/fault.ts";
import { nearestTo } from "#model/nearest.ts";

/** What the questions go by: the words of the command line stand before a person's. */
export interface Questions {
  readonly options: InitOptions;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `null` where nobody can be asked. */
  readonly asker: Asker | null;
}

/** A view to choose from. */
export interface OfferedView {
  readonly path: string;
  readonly title: string;
  readonly filters: readonly { readonly name: string; readonly values: readonly string[] | null }[] | null;
}

/** A filter with the values that somebody sees. */
export interface ChosenFilter {
  readonly name: string;
  readonly values: readonly string[];
}

const urlMistake = (text: string): string | undefined => {
  const url = URL.canParse(withScheme(text)) ? new URL(withScheme(text)) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || text.trim() === "") {
    return "Write a web address, such as https://bi.example.com";
  }
  return url.username === "" ? undefined : "Leave the user out of the address; it is asked for next";
};

/** What runs on this machine is seldom behind TLS; everything else is asked by it, so that no password goes out in the clear unasked. */
const withScheme = (text: string): string => {
  const address = text.trim();
  if (/^[a-z]+:\/\//i.test(address)) return address;
  return `${/^(localhost|127(\.\d+){3}|\[::1\])(?![\w.-])/i.test(address) ? "http" : "https"}://${address}`;
};

/** The report server's address, whole and without a slash at its end. */
export const askServer = async ({ options, asker }: Questions): Promise<string> => {
  const placeholder = "https://bi.example.com";
  const message = "Where is your report server?";
  const given = options.server ?? (await asker?.text({ message, placeholder, mistake: urlMistake }));
  if (given === undefined) throw needed("--server URL", "The report server's address");
  const mistake = urlMistake(given);
  if (mistake !== undefined)
    throw new Fault("usage", `“${given}” is no address of a report server.`, { hint: mistake });
  return withScheme(given).replace(/\/+$/, "");
};

/** The same question once more, after an answer that didn't work: what was said on the command line doesn't count any longer. */
export const askedAnew = (questions: Questions, ...said: readonly (keyof InitOptions)[]): Questions => ({
  ...questions,
  options: Object.fromEntries(Object.entries(questions.options).filter(([name]) => !said.some((one) => one === name))),
});

const fromEnvironment = (name: string, { env }: Questions): string => {
  const value = env[name];
  if (value) return value;
  const hint = `set it, then run the command again: export ${name}=…`;
  throw new Fault("config.secret-missing", `The environment has no ${name}.`, { hint });
};

const passwordOf = async (questions: Questions, user: string): Promise<string> => {
  const { passwordFrom } = questions.options;
  if (passwordFrom !== undefined) return fromEnvironment(passwordFrom, questions);
  if (questions.asker !== null) return questions.asker.secret(`Password of ${user}`);
  throw needed("--password-from NAME", "The name of the variable that holds the password");
};

/** How to sign in. Secrets come from the environment or from a hidden question, never from the command line itself. */
export const askSignIn = async (questions: Questions): Promise<FirstSignIn> => {
  const { options, asker } = questions;
  const { tokenFrom, user } = options;
  if (tokenFrom !== undefined) return { via: "token", token: fromEnvironment(tokenFrom, questions) };
  if (user !== undefined) return { via: "form", user, password: await passwordOf(questions, user) };
  if (asker === null) return { via: "none" };
  const via = await asker.one("How does Daybreak sign in there?", [
    { value: "form", label: "User and password" },
    { value: "token", label: "A token (API key)" },
    { value: "none", label: "Not at all", hint: "anybody can see it" },
  ]);
  if (via === "none") return { via: "none" };
  if (via === "token") return { via: "token", token: await asker.secret("Token") };
  const name = await asker.text({ message: "User" });
  return { via: "form", user: name, password: await passwordOf(questions, name) };
};

const few = (names: readonly string[]): string =>
  `${names
    .slice(0, 8)
    .map((name) => `“${name}”`)
    .join(", ")}${names.length > 8 ? ", …" : ""}`;

/** The view to send, out of those that the sign-in can see. */
export const askView = async ({ options, asker }: Questions, views: readonly OfferedView[]): Promise<OfferedView> => {
  if (views.length === 0) return typedView(options, asker);
  const choices = views.map(
    ({ path, title }): Choice => ({ value: path, label: title === "" ? path : title, hint: path }),
  );
  const path = options.view ?? (await asker?.one("Which view shall it be?", choices));
  if (path === undefined) throw needed("--view PATH", "The view");
  const found = views.find((view) => view.path === path) ?? views.find((view) => view.title === path);
  if (found !== undefined) return found;
  const paths = views.map((view) => view.path);
  const near = nearestTo(path, paths);
  const hint = near === null ? `it has ${few(paths)}` : `did you mean “${near}”?`;
  throw new Fault("server.view-unknown", `The report server has no view “${path}”.`, { hint });
};

/** A plain web page can't list its views. */
const typedView = async (options: InitOptions, asker: Asker | null): Promise<OfferedView> => {
  const question = { message: "Path of the page below that address", placeholder: "sales/daily" };
  const path = options.view ?? (await asker?.text(question));
  if (path === undefined || path.trim() === "") throw needed("--view PATH", "The page's path");
  const title = (path.split("/").at(-1) ?? path).replace(/\.\w{1,5}$/, "");
  return { path, title, filters: null };
};

/** The filter by which people differ, with one's own values; `null` where everybody sees the same. */
export const askFilter = async (
  { options, asker }: Questions,
  { filters }: OfferedView,
): Promise<ChosenFilter | null> => {
  const known = filters ?? [];
  if (options.filter !== undefined) return knownFilter(readFilter(options.filter), filters);
  if (asker === null || known.length === 0) return null;
  const choices = known.map(
    ({ name, values }): Choice => ({ value: name, label: name, ...(values && { hint: few(values) }) }),
  );
  const everybody = { value: "", label: "None: everybody sees the same" };
  const name = await asker.one("By which filter do people's reports differ?", [...choices, everybody]);
  if (name === "") return null;
  const values = await askValues(asker, name, known.find((filter) => filter.name === name)?.values ?? []);
  return values.length === 0 ? null : { name, values };
};

const askValues = async (asker: Asker, name: string, offered: readonly string[]): Promise<readonly string[]> => {
  const message = `Your own ${name}`;
  if (offered.length === 0) return readFilter(`${name}=${await asker.text({ message })}`).values;
  return asker.several(
    message,
    offered.map((value) => ({ value, label: value })),
  );
};

const knownFilter = (filter: ChosenFilter, known: OfferedView["filters"]): ChosenFilter => {
  if (known === null) return filter;
  const info = known.find(({ name }) => name === filter.name);
  if (info === undefined) {
    const hint = `it has ${few(known.map(({ name }) => name))}`;
    throw new Fault("server.filter-unknown", `The view has no filter “${filter.name}”.`, { hint });
  }
  const odd = filter.values.find((value) => info.values !== null && !info.values.includes(value));
  if (odd === undefined) return filter;
  const hint = `it has ${few(info.values ?? [])}`;
  throw new Fault("server.filter-unknown", `“${odd}” is no value of filter “${filter.name}”.`, { hint });
};

/** One's own mailbox: the first and only recipient. */
export const askMailbox = async ({
  options,
  asker,
}: Questions): Promise<{ readonly name: string; readonly email: string }> => {
  const mistakeIn = (text: string): string | undefined => mailboxMistake(text) ?? undefined;
  const question = { message: "Your own mailbox", placeholder: "Anna Berger <anna@example.com>", mistake: mistakeIn };
  const given = options.to ?? (await asker?.text(question));
  if (given === undefined) throw needed("--to MAILBOX", "Your own mailbox");
  const mailbox = mailboxOf(given);
  if (mailbox !== null && addressMistake(mailbox.email) === null) return mailbox;
  const hint = "write anna@example.com, or Anna Berger <anna@example.com>";
  throw new Fault("usage", `“${given}” can't be delivered to: ${mistakeIn(given) ?? "it is no address"}.`, { hint });
};

/** When it is sent. */
export const askTime = async (
  { options, asker }: Questions,
  mistakeIn: (at: string) => string | undefined,
): Promise<string> => {
  const usual = "weekdays 07:00";
  const given = options.at ?? (await asker?.text({ message: "When?", initial: usual, mistake: mistakeIn })) ?? usual;
  const mistake = mistakeIn(given);
  if (mistake === undefined) return given;
  throw new Fault("schedule.invalid", mistake, { hint: "write for example: weekdays 07:00" });
};
