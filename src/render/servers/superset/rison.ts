/** What Rison can say: JSON's values. */
export type RisonValue =
  | string
  | number
  | boolean
  | null
  | readonly RisonValue[]
  | { readonly [key: string]: RisonValue };

/**
 * Rison, the notation of Superset's addresses: objects `(a:1)`, lists `!(a,b)`, `!t`, `!f`, `!n`. Texts that are values are always
 * quoted, so that `007`, `null` and `a b` stay what they are; within quotes `!` and `'` are escaped by `!`.
 */
export const rison = (value: RisonValue): string => {
  if (value === null) return "!n";
  if (value === true) return "!t";
  if (value === false) return "!f";
  if (typeof value === "number") return String(value);
  if (typeof value === "string") return quoted(value);
  if (isList(value)) return `!(${value.map(rison).join(",")})`;
  const entries = Object.entries(value).map(([key, entry]) => `${keyOf(key)}:${rison(entry)}`);
  return `(${entries.join(",")})`;
};

const isList = (value: RisonValue): value is readonly RisonValue[] => Array.isArray(value);

const quoted = (text: string): string => `'${text.replace(/[!']/g, (char) => `!${char}`)}'`;

/** Keys are bare where Rison takes them bare (no digit or hyphen in front, no punctuation of its own). */
const keyOf = (key: string): string => (/^[A-Za-z_][\w.-]*$/.test(key) ? key : quoted(key));
