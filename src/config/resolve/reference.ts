import type { Path } from "#config/document.ts";
import { isSecretName } from "#config/mask.ts";
import type { Context } from "#config/resolve/context.ts";

const reference = /\$\{([^}]*)\}/g;
const variable = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** True when a password stands literally in an address: between the user's colon and the last @ before the path, or as a parameter. */
export const holdsSecret = (text: string): boolean => {
  const bare = text.replaceAll(reference, "");
  const authority = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(bare)?.[1] ?? "";
  const userInfo = authority.slice(0, Math.max(0, authority.lastIndexOf("@")));
  if (/:./s.test(userInfo)) return true;
  return [...bare.matchAll(/[?&]([^=&#]*)=[^&#]+/g)].some(([, name = ""]) => isSecretName(name));
};

const mistakeIn = (text: string): string | null => {
  if (holdsSecret(text)) {
    return `holds a secret, which never stands in this file; write \${NAME} in its place and set NAME in the environment or in .env beside it`;
  }
  const odd = [...text.matchAll(reference)].find(([, name = ""]) => !variable.test(name));
  return odd === undefined ? null : `holds \${…} without a variable's name; write letters, digits and _ only`;
};

/**
 * Replaces each `${NAME}` by the variable's value: as it is when the whole setting is one reference, percent-encoded inside an
 * address, because a password may hold the signs that an address is cut at. `null`, with a mistake noted, when that can't be done.
 */
export const expand = (text: string, path: Path, context: Context): string | null => {
  const mistake = mistakeIn(text);
  if (mistake !== null) {
    context.note(path, mistake);
    return null;
  }
  const isWhole = /^\$\{[^}]*\}$/.test(text);
  let isComplete = true;
  const expanded = text.replaceAll(reference, (_, name: string) => {
    const found = context.environment.find(name);
    if (found !== null) {
      context.used(path, found);
      return isWhole ? found.value : encodeURIComponent(found.value);
    }
    isComplete = false;
    context.note(
      path,
      `names \${${name}}, which isn't set; set ${name} or ${name}_FILE in the environment or in .env beside this file`,
    );
    return "";
  });
  return isComplete ? expanded.trim() : null;
};
