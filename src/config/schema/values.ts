/**
 * The kinds of value that settings have. A kind's message is `what is wrong; what to write`, and `judge.ts` splits it there, so that
 * each mistake has its remedy. Nothing is required here: `resolve/` says what is missing, so that one wrong value hides no other.
 */
import { z } from "zod";
import { addressMistake, mailboxMistake } from "#model/address.ts";
import { nearestOf, quoted } from "#model/nearest.ts";
import { isZone } from "#model/time.ts";

const fail = (ctx: z.core.$RefinementCtx, message: string): never => {
  ctx.issues.push({ code: "custom", message, input: ctx.value });
  return z.NEVER;
};

/** A text that `read` understands; `read` gives `undefined` for one that it doesn't. */
const readText = <T>(message: string, read: (text: string) => T | undefined) =>
  z.string({ error: message }).transform((text, ctx): T => read(text.trim()) ?? fail(ctx, message));

/** A text that `mistakeIn` finds nothing wrong with; its words are put between what is wanted and the remedy. */
const judgedText = (
  kind: string,
  { remedy, mistakeIn }: { readonly remedy: string; readonly mistakeIn: (text: string) => string | null },
) =>
  z.string({ error: `must be ${kind}; ${remedy}` }).transform((text, ctx): string => {
    const mistake = mistakeIn(text.trim());
    return mistake === null ? text.trim() : fail(ctx, `must be ${kind}, but ${mistake}; ${remedy}`);
  });

/** Some text on any number of lines, not empty. */
export const text = (kind = "a text") =>
  readText(
    `must be ${kind}; write it in quotes if YAML takes it for something else`,
    (written) => written || undefined,
  );

/** One line of text: a line break in it would become one in a header. `most`: its characters. */
export const line = (kind = "a text on one line", most = Number.POSITIVE_INFINITY) =>
  judgedText(kind, {
    remedy: "write it in quotes, on one line",
    mistakeIn: (written) => {
      if (/[\r\n]/.test(written)) return "it holds a line break";
      if (written.length > most) return `it has ${written.length} characters, and ${most} are the most`;
      return written === "" ? "it is empty" : null;
    },
  });

/** One of a few words. */
export const choice = <const T extends readonly [string, ...string[]]>(words: T) => z.enum(words);

const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `90s`, `5m`, `1.5h`, `2d` → milliseconds; `undefined` for anything else. */
export const durationMs = (written: string): number | undefined => {
  const [, amount, unit] = /^(\d+(?:\.\d+)?) ?(ms|s|m|h|d)$/.exec(written) ?? [];
  return amount === undefined ? undefined : Math.round(Number(amount) * unitMs[unit as keyof typeof unitMs]);
};

const durationMessage = "must be a duration; write a number with its unit, such as 90s, 5m, 3h or 2d";

/** A duration with its unit → milliseconds. */
export const duration = () => readText(durationMessage, (written) => durationMs(written) || undefined);

const msMessage =
  "must be a duration above zero; write milliseconds as a number, or a number with its unit, such as 90s or 5m";

/** For keys that end in `Ms`: a number of milliseconds, or a duration with its unit. */
export const milliseconds = () =>
  z.union([
    z.number({ error: msMessage }).int({ error: msMessage }).positive({ error: msMessage }),
    readText(msMessage, (written) => durationMs(written) || undefined),
  ]);

const unitBytes = { b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 } as const;

/** `500kB`, `8MB` → bytes, by 1,024. */
export const size = () =>
  readText("must be a size; write a number with its unit, such as 500kB or 8MB", (written) => {
    const [, amount, unit] = /^(\d+(?:\.\d+)?) ?(b|kb|mb|gb)$/i.exec(written) ?? [];
    if (amount === undefined) return undefined;
    return Math.round(Number(amount) * unitBytes[(unit ?? "b").toLowerCase() as keyof typeof unitBytes]) || undefined;
  });

/** A whole number between two bounds, both inclusive. */
export const whole = (from: number, to: number) => {
  const error = `must be a whole number from ${from} to ${to}; write it without quotes`;
  return z.number({ error }).int({ error }).min(from, { error }).max(to, { error });
};

/** Any number between two bounds, both inclusive. */
export const number = (from: number, to: number) => {
  const error = `must be a number from ${from} to ${to}; write it without quotes`;
  return z.number({ error }).min(from, { error }).max(to, { error });
};

/** `20%`, `0.2` or `off` → share, or `null` for off. */
export const share = () => {
  const message = "must be a share; write a percentage such as 20%, or off";
  const read = readText(message, (written): { readonly share: number | null } | undefined => {
    if (written === "off") return { share: null };
    const [, percent] = /^(\d+(?:\.\d+)?) ?%$/.exec(written) ?? [];
    return percent === undefined || Number(percent) === 0 ? undefined : { share: Number(percent) / 100 };
  });
  return read.transform(({ share: part }) => part);
};

/** A bare email address. */
export const address = () =>
  judgedText("an email address", { remedy: "write one such as anna@example.com", mistakeIn: addressMistake });

/** A bare email address, or a domain for all of its addresses. */
export const addressOrDomain = () =>
  judgedText("an email address or a domain", {
    remedy: "write one such as anna@example.com or example.com",
    mistakeIn: (written) => addressMistake(written.includes("@") ? written : `a@${written}`),
  });

/** `Name <a@b>` or a bare address. */
export const mailbox = () =>
  judgedText("an email address with or without a name", {
    remedy: 'write one such as "BI Team <bi@example.com>"',
    mistakeIn: mailboxMistake,
  });

const zoneRemedy = (written: string): string => {
  const near = nearestOf(written, Intl.supportedValuesOf("timeZone"));
  return near.length > 0 ? `did you mean ${quoted(near)}?` : "write an IANA name such as Europe/Berlin";
};

/** An IANA time zone. */
export const zone = () =>
  z.string({ error: "must be a time zone; write an IANA name such as Europe/Berlin" }).transform((written, ctx) => {
    if (isZone(written.trim())) return written.trim();
    return fail(ctx, `must be a time zone, but there is none of this name; ${zoneRemedy(written.trim())}`);
  });

/** True for a language tag that this runtime has words and number formats for. */
export const isLocale = (tag: string): boolean => {
  try {
    return Intl.DateTimeFormat.supportedLocalesOf(tag).length === 1;
  } catch {
    return false;
  }
};

/** A language tag. */
export const locale = () =>
  judgedText("a language tag", {
    remedy: "write one such as en, de or pt-BR",
    mistakeIn: (written) => (isLocale(written) ? null : "no language is known by this tag"),
  });

const isDate = (written: string): boolean => {
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(written) ?? [];
  if (year === undefined) return false;
  const longest = [31, Number(year) % 4 === 0 ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][Number(month) - 1];
  return longest !== undefined && Number(day) >= 1 && Number(day) <= longest;
};

/** A calendar date, `2026-12-24`. */
export const date = () =>
  readText("must be a date that exists; write it as 2026-12-24", (written) => (isDate(written) ? written : undefined));

/** A calendar date, `2026-12-24`, or `12-24` for every year. */
export const yearlyDate = () =>
  readText("must be a date that exists; write it as 2026-12-24, or 12-24 for every year", (written) =>
    isDate(written) || isDate(`2000-${written}`) ? written : undefined,
  );

/** An absolute http or https address. */
export const webUrl = () =>
  judgedText("a web address", {
    remedy: "write it whole, such as https://bi.example.com",
    mistakeIn: (written) => {
      if (!/^https?:\/\//i.test(written)) return "it doesn't begin with https:// or http://";
      return URL.canParse(written) && !/\s/.test(written) ? null : "it can't be read";
    },
  });

/** A list of at least one item. */
export const list = <T extends z.ZodType>(item: T, kind: string) =>
  z
    .array(item, { error: `must be a list of ${kind}; write it in brackets, or a line with a dash for each` })
    .min(1, { error: `names nothing; name at least one, or delete the line` });

/** A section with exactly these keys. */
export const section = <T extends z.core.$ZodLooseShape>(shape: T) => z.strictObject(shape);

/** A section whose keys are names that you choose. */
export const named = <T extends z.ZodType>(kind: string, item: T) => {
  const error = `is no name for ${kind}; use letters, digits and hyphens, a letter or digit first, at most 60`;
  return z.record(z.string().regex(/^[\p{L}\p{N}][\p{L}\p{N}_-]{0,59}$/u, { error }), item);
};

/** A section whose keys are free text: names of filters or columns. */
export const byText = <T extends z.ZodType>(item: T) =>
  z.record(z.string().regex(/\S/, { error: "is an empty name; write one" }), item);

/** Text that people read: one for all, or one for each language. */
export const words = (kind: string, oneLine: "one line" | "lines" = "lines") => {
  const item = oneLine === "one line" ? line : text;
  const tag = z.string().refine(isLocale, { error: "is no language tag; write one such as en, de or pt-BR" });
  return z.union([item(`${kind}, or one for each language`), z.record(tag, item())]);
};
