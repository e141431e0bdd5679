/** Blocks of letters that take two columns of a terminal: CJK, Hangul, kana, full-width forms. */
const wide =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]/u;
const emoji = /\p{Emoji_Presentation}|\ufe0f/u;
const unseen = /^[\p{Mn}\p{Me}\p{Cf}]+$/u;

/** What a reader sees as one letter; an emoji of several code points is one. */
const lettersOf = (text: string): readonly string[] =>
  Array.from(new Intl.Segmenter("en", { granularity: "grapheme" }).segment(text), ({ segment }) => segment);

const columnsOf = (letter: string): number => {
  if (unseen.test(letter)) return 0;
  return wide.test(letter) || emoji.test(letter) ? 2 : 1;
};

/** How many columns of a terminal a line takes. */
export const widthOf = (text: string): number =>
  /^[\x20-\x7e]*$/.test(text) ? text.length : lettersOf(text).reduce((sum, letter) => sum + columnsOf(letter), 0);

/** The line cut to so many columns, with an ellipsis where something is missing. */
export const cutTo = (text: string, columns: number): string => {
  if (widthOf(text) <= columns) return text;
  let cut = "";
  let used = 0;
  for (const letter of lettersOf(text)) {
    const own = columnsOf(letter);
    if (used + own > columns - 1) break;
    cut += letter;
    used += own;
  }
  return `${cut}…`;
};

/** The text in lines of so many columns, broken between words where it can be. */
export const wrapTo = (text: string, columns: number): readonly string[] => {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line !== "" && widthOf(longer) > columns) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line].map((one) => cutTo(one, columns));
};

/** Text of others as one harmless line: a name must not move the cursor or turn the screen red. */
export const plain = (text: string): string =>
  text.replace(/[\r\n\t]+/g, " ").replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, "\ufffd");
