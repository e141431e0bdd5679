/**
 * Edits that turn `a` into `b`: a letter more, less or another, or two neighbours swapped. Swaps count as one, because they are
 * the commonest slip of typing and would otherwise make a wrong key look further away than it is.
 */
const distance = (a: string, b: string): number => {
  const width = b.length + 1;
  const table = Array.from({ length: (a.length + 1) * width }, (_, at) => (at < width ? at : 0));
  const cell = (row: number, column: number): number => table[row * width + column] ?? 0;
  for (let row = 1; row <= a.length; row += 1) {
    table[row * width] = row;
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1];
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      const edits = [cell(row - 1, column) + 1, cell(row, column - 1) + 1, cell(row - 1, column - 1) + (same ? 0 : 1)];
      if (swapped) edits.push(cell(row - 2, column - 2) + 1);
      table[row * width + column] = Math.min(...edits);
    }
  }
  return cell(a.length, b.length);
};

/** The known word written most like `word`, however far away; `null` when there are none. */
export const nearest = (word: string, known: readonly string[]): string | null => {
  const ranked = known.map((other) => ({ other, edits: distance(word.toLowerCase(), other.toLowerCase()) }));
  return ranked.sort((a, b) => a.edits - b.edits)[0]?.other ?? null;
};

/** The known word that is written most like `word`; `null` when none is near enough to be meant. */
export const nearestTo = (word: string, known: readonly string[]): string | null => nearestOf(word, known)[0] ?? null;

/** The known words written most like `word`; several when they are equally near, none when nothing is near enough. */
export const nearestOf = (word: string, known: readonly string[]): readonly string[] => {
  const near = (other: string): number => (other === word ? -1 : distance(word.toLowerCase(), other.toLowerCase()));
  const ranked = known.map((other) => ({ other, edits: near(other) }));
  const fewest = Math.min(...ranked.map(({ edits }) => edits));
  if (fewest > Math.max(1, Math.ceil(word.length / 3))) return [];
  return ranked.filter(({ edits }) => edits === fewest).map(({ other }) => other);
};

/** `“at” or “to”`: words for people to choose from. */
export const quoted = (words: readonly string[]): string => words.map((word) => `“${word}”`).join(" or ");
