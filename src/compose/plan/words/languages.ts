import { de } from "#compose/plan/words/de.ts";
import { en } from "#compose/plan/words/en.ts";
import { ja } from "#compose/plan/words/ja.ts";
import { nl } from "#compose/plan/words/nl.ts";
import type { MailWords } from "#compose/plan/words/words.ts";

const languages: Readonly<Record<string, MailWords>> = { en, de, nl, ja };

/** The words for a locale's language, English where the language isn't there, with the tag that the HTML names. */
export const wordsFor = (locale: string): { readonly language: string; readonly words: MailWords } => {
  const language = locale.split(/[-_]/)[0]?.toLowerCase() ?? "en";
  const found = Object.hasOwn(languages, language) ? languages[language] : undefined;
  return found === undefined ? { language: "en", words: en } : { language, words: found };
};
