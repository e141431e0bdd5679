import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The font packages: what is resolved inside them, and the folder of their fonts seen from there. All of them are optional. */
const fontPackages = [
  { entry: "@expo-google-fonts/noto-color-emoji/package.json", fonts: "400Regular" },
  { entry: "@embedpdf/fonts-jp", fonts: "../fonts" },
  { entry: "@embedpdf/fonts-sc", fonts: "../fonts" },
  { entry: "@embedpdf/fonts-kr", fonts: "../fonts" },
] as const;

/** The names inside the files of those packages; pages ask for the names on the right, under which the same fonts are sold elsewhere. */
const japanese = "Noto Sans Japanese";
const chinese = "Noto Sans S Chinese";
const korean = "Noto Sans Korean";
const otherNames: readonly (readonly [family: string, asked: readonly string[]])[] = [
  [japanese, ["Noto Sans JP", "Noto Sans CJK JP"]],
  [chinese, ["Noto Sans SC", "Noto Sans CJK SC", "Noto Sans Hans"]],
  [korean, ["Noto Sans KR", "Noto Sans CJK KR"]],
];

/**
 * One character has several national shapes, so the language of the text decides which font is asked first.
 * Text without a language gets the Japanese shapes, then whatever the others have beside them.
 */
const byLanguage: readonly (readonly [language: string, families: readonly string[]])[] = [
  ["ja", [japanese, chinese, korean]],
  ["zh", [chinese, japanese, korean]],
  ["ko", [korean, japanese, chinese]],
];

/**
 * Writes the fontconfig file of the drawing browser into `cacheDir` and returns its path. It replaces the machine's own, so that a
 * view looks the same on every machine, and still finds the machine's fonts by their names.
 */
export const writeFontConfig = async (cacheDir: string, shippedFonts: string | null): Promise<string> => {
  const folder = join(cacheDir, "fontconfig");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, "fonts.conf");
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, fontConfig(fontFolders(shippedFonts), join(folder, "cache")), { mode: 0o600 });
  await rename(draft, path);
  return path;
};

/** The folders with fonts that exist on this machine: the shipped ones first, then the packages', then the system's. */
export const fontFolders = (shippedFonts: string | null): readonly string[] => {
  const home = homedir();
  const system = ["/usr/share/fonts", "/usr/local/share/fonts", join(home, ".fonts"), join(home, ".local/share/fonts")];
  const packaged = fontPackages.map(({ entry, fonts }) => folderInPackage(entry, fonts));
  return [shippedFonts, ...packaged, ...system].filter((folder) => folder !== null && existsSync(folder)) as string[];
};

const folderInPackage = (entry: string, fonts: string): string | null => {
  try {
    return join(dirname(fileURLToPath(import.meta.resolve(entry))), fonts);
  } catch {
    return null;
  }
};

/** The text of a fontconfig file over these folders. */
export const fontConfig = (folders: readonly string[], cache: string): string =>
  `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
${folders.map((folder) => `  <dir>${xml(folder)}</dir>`).join("\n")}
  <cachedir>${xml(cache)}</cachedir>
${byLanguage.map(([language, families]) => languageRule(language, families)).join("\n")}
${otherNames.flatMap(([family, asked]) => asked.map((name) => aliasRule(name, [family]))).join("\n")}
${["sans-serif", "serif", "system-ui", "ui-sans-serif"].map((name) => aliasRule(name, generic)).join("\n")}
</fontconfig>
`;

const languageRule = (language: string, families: readonly string[]): string => `  <match target="pattern">
    <test name="lang" compare="contains"><string>${language}</string></test>
    <edit name="family" mode="append" binding="strong">${strings(["Open Sans", ...families])}</edit>
  </match>`;

const generic = ["Open Sans", "Noto Color Emoji", japanese, chinese, korean] as const;

const aliasRule = (family: string, preferred: readonly string[]): string => `  <alias binding="same">
    <family>${family}</family>
    <prefer>${preferred.map((name) => `<family>${name}</family>`).join("")}</prefer>
  </alias>`;

const strings = (values: readonly string[]): string => values.map((value) => `<string>${value}</string>`).join("");

const xml = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
