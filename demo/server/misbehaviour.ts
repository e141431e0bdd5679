import type { Filters } from "./filters.ts";

const kinds = [
  "tile-never-loads",
  "tile-error",
  "session-expires",
  "filter-ignored",
  "filter-not-applied",
  "http-500",
  "delay",
  "foreign-rows",
  "foreign-csv",
  "blank",
  "csv-error",
  "leaves-host",
  "tall",
] as const;

/** A way in which report servers go wrong. */
export type MisbehaviourKind = (typeof kinds)[number];

/** What the sample server shall do wrong from now on. */
export interface Misbehaviour {
  readonly kind: MisbehaviourKind;
  /** Only for requests whose filters include one of these values. */
  readonly when?: Readonly<Record<string, readonly string[]>>;
  /** So many page loads (each with its own tiles), downloads of CSV, and tile requests made by hand; then it behaves again. */
  readonly times?: number;
  /** For `delay`: how much longer page, tiles and CSV take each; 1000 if not given. */
  readonly ms?: number;
  /** For `tile-never-loads` and `tile-error`: which tile; the view's chart if not given. */
  readonly tile?: string;
}

/** Where a misbehaviour is met: a page with all its tiles, an export, or a tile asked for without a page. */
export type Channel = "page" | "csv" | "tile";

const channels: Readonly<Record<MisbehaviourKind, readonly Channel[]>> = {
  "tile-never-loads": ["page", "tile"],
  "tile-error": ["page", "tile"],
  "session-expires": ["page"],
  "filter-ignored": ["page", "csv", "tile"],
  "filter-not-applied": ["page"],
  "http-500": ["page"],
  delay: ["page", "csv", "tile"],
  "foreign-rows": ["page", "csv", "tile"],
  "foreign-csv": ["csv"],
  blank: ["page"],
  "csv-error": ["csv"],
  "leaves-host": ["page"],
  tall: ["page"],
};

/** The misbehaviours that one request meets. */
export interface Spell {
  has(kind: MisbehaviourKind): boolean;
  of(kind: MisbehaviourKind): Misbehaviour | undefined;
}

/** Remembers what shall go wrong, and for how long. */
export interface Mischief {
  add(misbehaviour: Misbehaviour): void;
  clear(): void;
  /** The spell over a new request; counts the times. */
  cast(channel: Channel, filters: Filters): Spell;
  /** Casts over a page load and keeps the spell, so that the tiles of this load meet the same one. */
  castOverLoad(filters: Filters): { readonly load: string; readonly spell: Spell };
  /** The spell over the page load of that number. */
  ofLoad(load: string): Spell;
}

interface Entry {
  readonly misbehaviour: Misbehaviour;
  readonly left: Record<Channel, number>;
}

const spellOf = (found: readonly Misbehaviour[]): Spell => {
  const of = (kind: MisbehaviourKind): Misbehaviour | undefined => found.find((each) => each.kind === kind);
  return { of, has: (kind) => of(kind) !== undefined };
};

const meets = ({ when }: Misbehaviour, filters: Filters): boolean =>
  when === undefined ||
  Object.entries(when).some(([column, values]) =>
    Object.entries(filters).some(([name, asked]) => name === column && asked.some((value) => values.includes(value))),
  );

/** Loads that are remembered at once; a page asks for its tiles within seconds. */
const rememberedLoads = 500;

/** A server that behaves, until told otherwise. */
export const newMischief = (): Mischief => {
  let entries: Entry[] = [];
  let loads = 0;
  const spells = new Map<string, Spell>();

  const cast = (channel: Channel, filters: Filters): Spell => {
    const struck = entries.filter(
      ({ misbehaviour, left }) =>
        channels[misbehaviour.kind].includes(channel) && left[channel] > 0 && meets(misbehaviour, filters),
    );
    for (const { left } of struck) left[channel] -= 1;
    return spellOf(struck.map(({ misbehaviour }) => misbehaviour));
  };

  const castOverLoad: Mischief["castOverLoad"] = (filters) => {
    loads += 1;
    const load = String(loads);
    const spell = cast("page", filters);
    spells.set(load, spell);
    spells.delete(String(loads - rememberedLoads));
    return { load, spell };
  };

  return {
    cast,
    castOverLoad,
    ofLoad: (load) => spells.get(load) ?? spellOf([]),
    add: (misbehaviour) => {
      const times = misbehaviour.times ?? Number.POSITIVE_INFINITY;
      entries.push({ misbehaviour, left: { page: times, csv: times, tile: times } });
    },
    clear: () => {
      entries = [];
      spells.clear();
    },
  };
};
