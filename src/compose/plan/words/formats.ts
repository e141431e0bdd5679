/** Making one of the platform's formats takes a hundred times as long as using it, and a morning's emails share a few. */
const mostFormats = 200;

const remembered = <T>(make: (tag: string, options: T) => { format(value: number): string }) => {
  const known = new Map<string, { format(value: number): string }>();
  return (locale: string, options: T): { format(value: number): string } => {
    const key = `${locale} ${JSON.stringify(options)}`;
    const found = known.get(key);
    if (found !== undefined) return found;
    if (known.size >= mostFormats) known.clear();
    const made = make(tagOf(locale), options);
    known.set(key, made);
    return made;
  };
};

/** How numbers are written in a locale. */
export const numberFormat = remembered((tag, options: Intl.NumberFormatOptions) => new Intl.NumberFormat(tag, options));

/** How instants (milliseconds of the epoch) are written in a locale; the options name the zone. */
export const dateFormat = remembered(
  (tag, options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(tag, options),
);

/** A locale tag that Intl takes. Plain `en` reads day before month: the product's own examples and most of the world do. */
const tagOf = (locale: string): string => {
  const tag = locale.replaceAll("_", "-");
  try {
    return tag.toLowerCase() === "en" ? "en-GB" : (Intl.getCanonicalLocales(tag)[0] ?? "en-GB");
  } catch {
    return "en-GB";
  }
};
