/** A small reader of Rison, written by its public grammar and apart from our writer, so that the two can disagree. */
// biome-ignore lint/suspicious/noExplicitAny: a parser of untyped text, used in tests only
export const unrison = (text: string): any => {
  let at = 0;
  const take = (expected: string): void => {
    if (text[at] !== expected) throw new Error(`Expected ${expected} at ${at} of ${text}`);
    at += 1;
  };
  const quoted = (): string => {
    let value = "";
    take("'");
    while (text[at] !== "'") {
      if (at >= text.length) throw new Error("Unclosed text");
      if (text[at] === "!") at += 1;
      value += text[at];
      at += 1;
    }
    take("'");
    return value;
  };
  const bare = (): string => {
    const [word = ""] = /^[^ '!:(),*@$]+/.exec(text.slice(at)) ?? [];
    at += word.length;
    return word;
  };
  const list = (): unknown[] => {
    const items: unknown[] = [];
    take("(");
    while (text[at] !== ")") {
      if (items.length > 0) take(",");
      items.push(value());
    }
    take(")");
    return items;
  };
  const object = (): Record<string, unknown> => {
    const entries: Record<string, unknown> = {};
    take("(");
    while (text[at] !== ")") {
      if (Object.keys(entries).length > 0) take(",");
      const key = text[at] === "'" ? quoted() : bare();
      take(":");
      entries[key] = value();
    }
    take(")");
    return entries;
  };
  const marked = (): unknown => {
    take("!");
    const mark = text[at];
    if (mark === "(") return list();
    at += 1;
    if (mark === "t" || mark === "f") return mark === "t";
    return null;
  };
  const value = (): unknown => {
    if (text[at] === "'") return quoted();
    if (text[at] === "(") return object();
    if (text[at] === "!") return marked();
    const word = bare();
    return /^-?\d/.test(word) ? Number(word) : word;
  };
  const all = value();
  if (at !== text.length) throw new Error(`Left over: ${text.slice(at)}`);
  return all;
};
