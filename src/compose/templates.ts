import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import Handlebars from "handlebars";
import { Fault, wordsOf } from "#model/fault.ts";

/** The three texts of a filled template. */
export interface FilledMail {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** Mail templates of one folder, each compiled once until its files change. */
export interface Templates {
  /** Fills `templates/mail/<name>` with a view; files that were just changed count a moment later. Throws `compose.template` naming the file and the variable. */
  fill(name: string, view: object): Promise<FilledMail>;
  /** Reads and compiles a template and fills it with its own sample. */
  check(name: string): Promise<FilledMail>;
}

type Fill = (view: object) => string;

interface Compiled {
  /** Of its files, when they were read. */
  readonly state: string;
  readonly subject: Fill;
  readonly text: Fill;
  readonly html: Fill;
}

const parts = { subject: "subject.hbs", text: "text.hbs", html: "html.mjml.hbs" } as const;

/** Opens folders of mail templates; of two with one name the first folder's counts. Nothing is read before a template is asked for. */
export const openTemplates = (...folders: readonly string[]): Templates => {
  const compiled = new Map<string, Promise<Compiled>>();
  const looked = new Map<string, { readonly at: number; readonly place: Promise<Place> }>();
  const look = (name: string): Promise<Place> => {
    const place = placeOf(folders, name);
    looked.set(name, { at: performance.now(), place });
    return place;
  };
  const lookLately = (name: string): Promise<Place> => {
    const last = looked.get(name);
    return last !== undefined && performance.now() - last.at < looksEveryMs ? last.place : look(name);
  };
  const get = async (name: string, { folder, state }: Place): Promise<Compiled> => {
    const known = await compiled.get(name)?.catch(() => null);
    if (known?.state === state) return known;
    const fresh = readSources(folder, name).then((sources) => compile(name, sources, state));
    compiled.set(name, fresh);
    return fresh;
  };
  const fillFrom = async (name: string, place: Place, view: object): Promise<FilledMail> => {
    const { subject, text, html } = await get(name, place);
    // A subject is one line: what a template's own line breaks add around it is no part of it.
    return { subject: subject(view).trim(), text: tidyText(text(view)), html: html(view) };
  };
  const check = async (name: string): Promise<FilledMail> => {
    const place = await look(name);
    const sample: unknown = JSON.parse(await readTemplateFile(join(place.folder, name, "sample.json"), name));
    return fillFrom(name, place, typeof sample === "object" && sample !== null ? sample : {});
  };
  return { fill: async (name, view) => fillFrom(name, await lookLately(name), view), check };
};

/** Hundreds of emails a second needn't each ask whether somebody edits their template. */
const looksEveryMs = 250;

/** Where a template lies, and what tells that its files have changed. */
interface Place {
  readonly folder: string;
  readonly state: string;
}

const placeOf = async (folders: readonly string[], name: string): Promise<Place> => {
  const folder = await folderOf(folders, name);
  return { folder, state: await stateOf(folder, name) };
};

/** The folder that has the template; a template is taken whole from one, never half from another. */
const folderOf = async (folders: readonly string[], name: string): Promise<string> => {
  if (!/^[\w-]+$/.test(name)) throw templateFault(name, "its name may hold letters, digits, “-” and “_” only");
  for (const folder of folders) {
    if ((await stat(join(folder, name)).catch(() => null))?.isDirectory()) return folder;
  }
  throw templateFault(name, `there is no such folder in ${folders.join(" or ")}`);
};

type Sources = Readonly<Record<keyof typeof parts, string>>;

const readSources = async (folder: string, name: string): Promise<Sources> => {
  const read = (file: string) => readTemplateFile(join(folder, name, file), name);
  const [subject, text, html] = await Promise.all([read(parts.subject), read(parts.text), read(parts.html)]);
  return { subject, text, html };
};

const readTemplateFile = async (file: string, name: string): Promise<string> => {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw templateFault(name, `${file} can't be read`, cause);
  }
};

/** What tells that a template's files have changed; reading them for each email would cost more than filling them. */
const stateOf = async (folder: string, name: string): Promise<string> => {
  const files = Object.values(parts).map(async (file) => {
    const found = await stat(join(folder, name, file), { bigint: true }).catch(() => null);
    return found === null ? file : `${found.ino} ${found.size} ${found.mtimeNs}`;
  });
  return [folder, ...(await Promise.all(files))].join("\n");
};

const compile = async (name: string, sources: Sources, state: string): Promise<Compiled> => ({
  state,
  subject: compileText(`${name}/${parts.subject}`, sources.subject, "plain"),
  text: compileText(`${name}/${parts.text}`, sources.text, "plain"),
  html: compileText(`${name}/${parts.html}`, await htmlFromMjml(name, sources.html), "html"),
});

/** MJML first, so that each email costs only a fill; its loops stand in `mj-raw`, which MJML hands through. */
const htmlFromMjml = async (name: string, source: string): Promise<string> => {
  const { default: mjml } = await import("mjml");
  try {
    // Without `fonts: {}` MJML fetches every web font that it knows by name, and an email fetches nothing from outside.
    const { html, errors } = await mjml(source, { validationLevel: "soft", ignoreIncludes: true, fonts: {} });
    const first = errors[0];
    if (first !== undefined) throw templateFault(`${name}/${parts.html}`, first.formattedMessage);
    return tightened(html);
  } catch (cause) {
    throw cause instanceof Fault ? cause : templateFault(`${name}/${parts.html}`, wordsOf(cause), cause);
  }
};

/** Mail clients cut HTML at about 102 kB: indentation is the cheapest thing to save. */
const tightened = (html: string): string => html.replaceAll(/\n\s+/g, "\n").replaceAll(/\n{2,}/g, "\n");

/**
 * Compiles a text strictly: a variable that isn't given is a fault, never an empty place. `html` escapes every value, `plain` writes it
 * as it is. Values are data: one that holds `{{…}}` is shown so. Inherited properties can't be reached.
 */
export const compileText = (place: string, source: string, kind: "html" | "plain"): Fill => {
  const handlebars = Handlebars.create();
  // `log` would write what it is given to the console.
  handlebars.unregisterHelper("log");
  handlebars.registerHelper("is", (value: unknown, wanted: unknown) => value === wanted);
  const fill = compileStrictly(handlebars, { place, source, kind });
  return (view) => {
    try {
      return fill(guarded(view), { allowProtoMethodsByDefault: false, allowProtoPropertiesByDefault: false });
    } catch (cause) {
      throw templateFault(place, inPlainWords(cause), cause);
    }
  };
};

interface TextSource {
  readonly place: string;
  readonly source: string;
  readonly kind: "html" | "plain";
}

const compileStrictly = (handlebars: typeof Handlebars, { place, source, kind }: TextSource) => {
  try {
    // Compiling is put off to the first fill by Handlebars; parsing now finds a broken template when it is loaded.
    handlebars.parse(source);
    return handlebars.compile(source, { strict: true, noEscape: kind === "plain", preventIndent: true });
  } catch (cause) {
    throw templateFault(place, wordsOf(cause).split("\n")[0] ?? "", cause);
  }
};

const inPlainWords = (error: unknown): string => {
  if (error instanceof MissingVariable) return `it wants the variable “${error.message}”, which isn't given`;
  const message = wordsOf(error);
  const missing = /^"(.+?)" not defined in |search for '(.+?)' in /.exec(message);
  return missing === null ? message : `it wants the variable “${missing[1] ?? missing[2]}”, which isn't given`;
};

const templateFault = (place: string, what: string, cause?: unknown): Fault =>
  new Fault("compose.template", `template ${place}: ${what}`, {
    hint: "Correct the template, or the text of the report that uses it; docs/guides lists the variables.",
    cause,
  });

/** A variable that a template wants and the view doesn't have. */
class MissingVariable extends Error {}

/**
 * A view in which every missing name is an error, also in `{{#if nmae}}`, which Handlebars' strict mode lets pass. Its objects
 * inherit nothing, so `{{constructor}}` is a missing variable like any other.
 */
const guarded = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(guarded);
  if (typeof value !== "object" || value === null) return value;
  const copy: Record<string, unknown> = Object.create(null);
  for (const [key, inner] of Object.entries(value)) copy[key] = guarded(inner);
  const known = (key: string | symbol): boolean => {
    if (typeof key === "string" && !Object.hasOwn(copy, key)) throw new MissingVariable(key);
    return Object.hasOwn(copy, key);
  };
  // Handlebars compares an item of a list with the object around it, for which an object must become text.
  const get = (_: object, key: string | symbol): unknown => {
    if (key === Symbol.toPrimitive) return () => "";
    return known(key) ? copy[String(key)] : undefined;
  };
  return new Proxy(copy, { get, has: (_, key) => known(key) });
};

/** Blocks that showed nothing leave empty lines behind; a reader sees at most one. */
const tidyText = (text: string): string =>
  `${text
    .replaceAll("\r\n", "\n")
    .replaceAll(/[ \t]+\n/g, "\n")
    .replaceAll(/\n{3,}/g, "\n\n")
    .trim()}\n`;
