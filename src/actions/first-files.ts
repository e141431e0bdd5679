/** The three files of a first configuration, from the answers of whoever sets it up. */

/** How the report server is signed in to; secrets go into `.env`. */
export type FirstSignIn =
  | { readonly via: "none" }
  | { readonly via: "form"; readonly user: string; readonly password: string }
  | { readonly via: "token"; readonly token: string };

/** What was answered. */
export interface Answers {
  readonly server: string;
  readonly kind: string;
  readonly signIn: FirstSignIn;
  /** Path of the view on its server, and its title. */
  readonly view: string;
  readonly title: string;
  /** The filter by which people differ, and one's own values of it; `null`: everybody sees the same. */
  readonly filter: { readonly name: string; readonly values: readonly string[] } | null;
  readonly at: string;
  readonly zone: string;
  readonly mailbox: { readonly name: string; readonly email: string };
}

/** One file to write. */
export interface FirstFile {
  readonly name: "daybreak.yaml" | ".env" | "people.csv";
  readonly text: string;
  readonly isSecret: boolean;
}

/** `Daily Sales / North` → `daily-sales-north`. */
export const slugOf = (text: string, otherwise = "report"): string => {
  const words = text
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
  return words === "" ? otherwise : words.slice(0, 50).replace(/-+$/, "");
};

/** Column of the people's list that holds a filter's values; never one that means something else there. */
export const columnOf = (filter: string): string => {
  const column = slugOf(filter, "value").replaceAll("-", "_");
  const taken = ["email", "name", "key", "locale", "zone", "calendar", "kind", "formats", "filters"];
  return taken.includes(column) ? `filter_${column}` : column;
};

/** What the sign-in needs in the environment. */
export const secretsOf = (signIn: FirstSignIn): Readonly<Record<string, string>> => {
  switch (signIn.via) {
    case "none":
      return {};
    case "form":
      return { DAYBREAK_USER: signIn.user, DAYBREAK_PASSWORD: signIn.password };
    case "token":
      return { DAYBREAK_TOKEN: signIn.token };
  }
};

/** The configuration, its secrets and the list of people with oneself in it. */
export const firstFiles = (answers: Answers): readonly FirstFile[] => {
  const secrets = Object.entries(secretsOf(answers.signIn));
  const files: FirstFile[] = [{ name: "daybreak.yaml", text: yamlOf(answers), isSecret: false }];
  if (secrets.length > 0) {
    const lines = secrets.map(([name, value]) => `${name}=${quotedForEnv(value)}\n`);
    files.push({
      name: ".env",
      text: `# Secrets of daybreak.yaml. Keep this file to yourself.\n${lines.join("")}`,
      isSecret: true,
    });
  }
  return [...files, { name: "people.csv", text: peopleOf(answers), isSecret: false }];
};

/** Text as YAML takes it: plain where nothing in it means something else, else in JSON's quotes, which YAML reads alike. */
const scalar = (text: string): string =>
  /^[A-Za-z][\w /.,()-]*$/.test(text) && text.trim() === text && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(text)
    ? text
    : JSON.stringify(text);

/** Servers whose dashboards become one column on a narrow screen, and read well on a phone then. */
const foldingKinds: readonly string[] = ["sample", "grafana", "metabase", "redash"];

/** In pixels; the others would only be squeezed or cut below the wider one. */
const widthOf = (kind: string): number => (foldingKinds.includes(kind) ? 480 : 720);

const yamlOf = ({ server, kind, view, title, filter, at, zone }: Answers): string => {
  const lines = [
    "# Made by “daybreak init”. Every key is explained in config/example.yaml.",
    "server:",
    `  url: ${JSON.stringify(server)}`,
    `  kind: ${kind}`,
    `zone: ${scalar(zone)}`,
    "# Without a mail server all mail goes into .daybreak/outbox. To send it:",
    '# mail: { via: "smtp://mail.example.com", from: "BI Team <bi@example.com>" }',
    "reports:",
    `  ${slugOf(title)}:`,
    `    title: ${scalar(title)}`,
    `    view: ${scalar(view)}`,
    "    # Wider shows more, and smaller: the picture is as wide as the email, which on a phone is about 330.",
    `    width: ${widthOf(kind)}`,
    "    scale: 2",
    `    at: ${scalar(at)}`,
    "    to: people.csv",
  ];
  if (filter !== null) lines.push(`    filter: { ${scalar(filter.name)}: ${scalar(columnOf(filter.name))} }`);
  return `${lines.join("\n")}\n`;
};

const peopleOf = ({ mailbox, filter }: Answers): string => {
  const header = ["email", "name", ...(filter === null ? [] : [columnOf(filter.name)])];
  const values = filter === null ? [[]] : filter.values.map((value) => [value]);
  const rows = values.map((value) => [mailbox.email, mailbox.name, ...value]);
  return [header, ...rows].map((row) => `${row.map(cell).join(",")}\n`).join("");
};

const cell = (text: string): string => (/[",;\t\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

const quotedForEnv = (value: string): string => {
  if (/^[\w@%+:,./-]+$/.test(value)) return value;
  const quote = ["'", '"', "`"].find((mark) => !value.includes(mark) && (mark !== '"' || !value.includes("\\")));
  return quote === undefined ? value : `${quote}${value}${quote}`;
};
