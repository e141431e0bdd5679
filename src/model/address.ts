/** Letters, digits and marks of any script, and the signs that addresses of companies really hold. Quoted local parts are refused. */
const localPart = /^[\p{L}\p{N}\p{M}!#$%&'*+/=?^_`{|}~-]+(\.[\p{L}\p{N}\p{M}!#$%&'*+/=?^_`{|}~-]+)*$/u;
const domainLabel = /^[\p{L}\p{N}]([\p{L}\p{N}\p{M}-]*[\p{L}\p{N}\p{M}])?$/u;
/** Control characters, and those that can't be seen: zero-width, directions, soft hyphens, blanks of every kind. */
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
/** In a name only what hides or turns text is refused: joined emoji and Persian names need the other unseen characters. */
const unseenInName = /[\p{Cc}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069]/u;
const blank = /\s/u;
/** RFC 5321: 64 octets before the sign, 254 in all. Octets, since an address of another script counts by its UTF-8. */
const MOST_LOCAL = 64;
const MOST_IN_ALL = 254;
const MOST_LABEL = 63;

const octets = (text: string): number => new TextEncoder().encode(text).length;

const mistakeInDomain = (domain: string): string | null => {
  if (domain === "localhost") return null;
  const labels = domain.split(".");
  if (labels.length < 2) return `“${domain}” has no dot: a domain looks like example.com`;
  if (labels.includes("")) return `the domain “${domain}” has a dot too many`;
  const odd = labels.find((label) => !domainLabel.test(label) || octets(label) > MOST_LABEL);
  return odd === undefined ? null : `“${odd}” can't stand in a domain`;
};

const mistakeInLocal = (local: string): string | null => {
  if (local === "") return "nothing stands before the @";
  if (octets(local) > MOST_LOCAL) return `the part before the @ is longer than ${MOST_LOCAL}`;
  if (local.startsWith(".") || local.endsWith(".") || local.includes("..")) return "a dot is out of place before the @";
  return localPart.test(local) ? null : "a character before the @ can't stand in an address";
};

/** What is wrong with one bare address (`anna@example.com`), in words without a full stop, or `null`. */
export const addressMistake = (email: string): string | null => {
  if (email === "") return "the address is empty";
  if (/[\r\n]/.test(email)) return "the address holds a line break";
  if (unseen.test(email)) return "the address holds a character that can't be seen";
  if (blank.test(email)) return "the address holds a blank";
  if (/[,;]/.test(email)) return "only one address may stand here";
  if (/[<>]/.test(email)) return "only the address may stand here, without a name or < >";
  const parts = email.split("@");
  if (parts.length === 1) return "there is no @";
  if (parts.length > 2) return "there is more than one @";
  if (octets(email) > MOST_IN_ALL) return `the address is longer than ${MOST_IN_ALL}`;
  const [local = "", domain = ""] = parts;
  if (domain === "") return "nothing stands after the @";
  return mistakeInLocal(local) ?? mistakeInDomain(domain);
};

/** `BI Team <bi@example.com>` or a bare address → its name (maybe empty) and address; `null` when it is of neither form. */
export const mailboxOf = (text: string): { readonly name: string; readonly email: string } | null => {
  const named = /^([^<>]*)<([^<>]*)>$/.exec(text.trim());
  if (named === null) return /[<>]/.test(text) ? null : { name: "", email: text.trim() };
  const name = (named[1] ?? "").trim().replace(/^"(.*)"$/, "$1");
  return { name, email: (named[2] ?? "").trim() };
};

/** What is wrong with `Name <a@b>` or `a@b`, in words without a full stop, or `null`. */
export const mailboxMistake = (text: string): string | null => {
  if (/[\r\n]/.test(text)) return "it holds a line break";
  if (unseenInName.test(text)) return "it holds a character that can't be seen";
  const mailbox = mailboxOf(text);
  return mailbox === null ? "it isn't of the form “Name <address>”" : addressMistake(mailbox.email);
};
