/** Reads the project's pages for people as text: their code, links and headings. */
import { filesBelow, read, type SourceFile } from "./sources.ts";

/** A fenced block: its language (or nothing) and its lines. */
export interface Block {
  readonly page: string;
  readonly language: string;
  readonly text: string;
}

/** Every page for people. */
export const pages = (): readonly SourceFile[] => [
  ...["README.md", "CHANGELOG.md"].map((path) => ({ path, text: read(path) })),
  ...filesBelow("docs", ".md"),
];

const fence = /^```(\w*)\n([\s\S]*?)^```$/gm;

/** The fenced blocks of a page. */
export const blocksOf = ({ path, text }: SourceFile): readonly Block[] =>
  [...text.matchAll(fence)].map(([, language = "", inner = ""]) => ({ page: path, language, text: inner }));

const proseOf = ({ text }: SourceFile): string => text.replace(fence, "");

/** Lines that somebody may type: of blocks for the shell or without a language, and what stands between backticks. */
export const typedLines = (page: SourceFile): readonly string[] => {
  const shell = blocksOf(page).filter(({ language }) => language === "" || language === "sh");
  const lines = shell.flatMap(({ text }) => text.replaceAll(/\\\n\s*/g, " ").split("\n"));
  const inline = [...proseOf(page).matchAll(/`([^`\n]+)`/g)].map(([, code = ""]) => code);
  return [...lines.map((line) => line.replace(/\s+#.*$/, "")), ...inline];
};

/** Targets of a page's links and pictures within the project. */
export const linksOf = (page: SourceFile): readonly string[] =>
  [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = ""]) => target)
    .filter((target) => !/^[a-z]+:/.test(target));

/** The anchors of a page's headings, as GitHub writes them. */
export const anchorsOf = (page: SourceFile): readonly string[] =>
  [...proseOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .trim()
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(/\s/g, "-"),
  );

/** The rows of a page's table whose header begins with this word, cell by cell. */
export const tableOf = ({ text }: SourceFile, first: string): readonly (readonly string[])[] => {
  const lines = text.split("\n");
  const start = lines.findIndex((line) => line.startsWith(`| ${first} |`));
  const end = lines.findIndex((line, at) => at > start && !line.startsWith("|"));
  const rows = start === -1 ? [] : lines.slice(start + 2, end === -1 ? undefined : end);
  return rows.map((row) =>
    row
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim()),
  );
};
