/** What stands in place of a secret. */
export const MASK = "•••";

const secretKey = /pass|pwd|secret|token|api[-_]?key|credential|auth/i;

/** True for a key or variable name that promises a secret. */
export const isSecretName = (name: string): boolean => secretKey.test(name);

/** `scheme://user:password@host`, with all that stands before the last @; the scheme's slashes may be mistyped. */
const userInfo = /([a-z][a-z0-9+.-]*:\/{1,3}).*@/gis;
const secretParameter = /([?&][^=&#\s]*(?:pass|pwd|secret|token|key|auth|sig)[^=&#\s]*=)[^&#\s]*/gi;

/** An address without who signs in by it; texts without such an address stay as they are. */
export const maskAddress = (text: string): string =>
  text.replace(userInfo, `$1${MASK}@`).replace(secretParameter, `$1${MASK}`);

/** Shorter ones are part of ordinary words: covering them would make messages unreadable and give the secret away by its gaps. */
const SHORTEST = 4;

/** `text` with each secret covered, longest first so that no piece of a longer one is left. */
export const maskSecrets = (text: string, secrets: readonly string[]): string =>
  [...secrets]
    .filter((secret) => secret.length >= SHORTEST)
    .sort((a, b) => b.length - a.length)
    .reduce((masked, secret) => masked.replaceAll(secret, MASK), text);
