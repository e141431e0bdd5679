/**
 * Remembers what `work` gave for the last few things that it was asked for: emails with the same filters are written one after the
 * other, and their rows needn't be read for each of them. What is too large to be held until the next morning, and what failed, is
 * asked for anew.
 */
export const lately = <K extends object, V>(
  work: (of: K) => V,
  { most, isSmall }: { readonly most: number; readonly isSmall: (of: K) => boolean },
): ((of: K) => V) => {
  const known = new Map<K, V>();
  return (of) => {
    if (!isSmall(of)) return work(of);
    const value = known.get(of) ?? work(of);
    // The last used is the last to go.
    known.delete(of);
    known.set(of, value);
    for (const oldest of known.keys()) if (known.size > most) known.delete(oldest);
    return value;
  };
};
