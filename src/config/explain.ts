import type { Path, Spot } from "#config/document.ts";
import { type Loaded, type LoadOptions, loadWithOrigins } from "#config/load.ts";
import { isSecretName, MASK, maskAddress, maskSecrets } from "#config/mask.ts";
import { keyOf, valueAt } from "#config/mistakes.ts";
import { keysOf, memberOf, type Shape, wholeShape } from "#config/shape.ts";

/** One setting as it counts, for people: secrets are covered. */
export interface Setting {
  readonly key: string;
  readonly value: string;
  /** `daybreak.yaml:7`, `environment DAYBREAK_USER`, `.env DAYBREAK_USER`, `file /run/secrets/x DAYBREAK_USER`, `this machine`, `default`. */
  readonly origin: string;
}

const viaInWords = (via: Loaded["config"]["mail"]["via"]): string => {
  if (via.kind === "folder") return `folder:${via.dir}`;
  return via.kind === "sendgrid" ? "sendgrid" : via.url;
};

/** Settings that are worked out when the file doesn't name them. */
const workedOut = ({ config, document }: Loaded): readonly Setting[] => {
  const { zone, limits, mail, database, servers } = config;
  const settings: readonly (readonly [path: Path, value: string, origin: string])[] = [
    [["zone"], zone, "this machine"],
    [["limits", "browsers"], String(limits.browsers), "this machine"],
    [["mail", "via"], viaInWords(mail.via), "default"],
    [["mail", "from"], mail.from, "default"],
    ...(database === null ? [[["database"], "the Postgres that Daybreak brings along", "default"] as const] : []),
    ...servers.flatMap(({ name, kind, signIn }) => {
      const at = valueAt(document.value, ["servers", name]) === undefined ? ["server"] : ["servers", name];
      return [
        [[...at, "kind"], kind ?? "to be found out", "default"] as const,
        [[...at, "signIn", "via"], signIn.via, "default"] as const,
      ];
    }),
  ];
  return settings
    .filter(([path]) => valueAt(document.value, path) === undefined)
    .map(([path, value, origin]) => ({ key: keyOf(path), value: maskAddress(value), origin }));
};

const fromVariables = ({ used, document }: Loaded): readonly Setting[] =>
  used
    .filter(({ path }) => valueAt(document.value, path) === undefined)
    .map(({ path, found }) => {
      const isOpen = path.at(-1) === "user" && !isSecretName(found.value);
      return { key: keyOf(path), value: isOpen ? found.value : MASK, origin: `${found.origin} ${found.name}` };
    });

const shown = (value: unknown): string => (typeof value === "string" ? maskAddress(value) : JSON.stringify(value));

const isSection = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

interface Walk {
  readonly spotOf: (path: Path) => Spot;
  readonly file: string;
}

/** The value as written with its line, or the default of the schema; sections are walked, everything else is one line. */
const settingsAt = (
  path: Path,
  { value, shape }: { readonly value: unknown; readonly shape: Shape | undefined },
  walk: Walk,
): readonly Setting[] => {
  const keys = keysOf(shape);
  const written = isSection(value) ? value : {};
  const isWalked = isSection(value) || (value === undefined && isSection(shape?.default));
  if (isWalked) {
    const names = [...new Set([...Object.keys(keys), ...Object.keys(written)])];
    return names.flatMap((name) => {
      const next = keys[name] ?? memberOf(shape);
      return settingsAt([...path, name], { value: written[name], shape: next }, walk);
    });
  }
  if (value === undefined)
    return shape?.default === undefined ? [] : [{ key: keyOf(path), value: shown(shape.default), origin: "default" }];
  if (Array.isArray(value) && value.some(isSection)) {
    return value.flatMap((item, place) => settingsAt([...path, place], { value: item, shape: memberOf(shape) }, walk));
  }
  return [{ key: keyOf(path), value: shown(value), origin: `${walk.file}:${walk.spotOf(path).line}` }];
};

/** The variables that a written setting names, after its line. */
const referencesAt = (key: string, { used, document }: Loaded): string =>
  used
    .filter(({ path }) => keyOf(path) === key && valueAt(document.value, path) !== undefined)
    .map(({ found }) => `, ${found.origin} ${found.name}`)
    .join("");

/** Every setting of a loaded configuration with its value and where it came from, in the order of the keys. */
export const settingsOf = (loaded: Loaded): readonly Setting[] => {
  const { document, secrets } = loaded;
  const walk: Walk = { file: document.file, spotOf: (path) => document.spotOf(path, "value") };
  const written = settingsAt([], { value: document.value, shape: wholeShape() }, walk);
  const known = new Set(written.map(({ key }) => key));
  const others = [...fromVariables(loaded), ...workedOut(loaded)].filter(({ key }, at, all) => {
    return !known.has(key) && all.findIndex((other) => other.key === key) === at;
  });
  const order = [...Object.keys(keysOf(wholeShape()))];
  const rank = ({ key }: Setting): number => order.indexOf(key.split(/[.[]/)[0] ?? "");
  return [...written, ...others]
    .map((setting) => ({
      key: setting.key,
      value: maskSecrets(setting.value, secrets),
      origin: `${setting.origin}${referencesAt(setting.key, loaded)}`,
    }))
    .sort((a, b) => rank(a) - rank(b));
};

/** Loads a configuration and tells each setting's value and origin; throws what `loadConfig` throws. */
export const explainConfig = async (options: LoadOptions): Promise<readonly Setting[]> =>
  settingsOf(await loadWithOrigins(options));
