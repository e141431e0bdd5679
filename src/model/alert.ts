/** A trouble as whoever finds it says it. */
export interface Trouble {
  /** Names the trouble: the same key while it is open is the same trouble, told once (`failed:42`, `server:main`). */
  readonly key: string;
  readonly severity: "warning" | "critical";
  readonly subject: string;
  /** Sentences for an operator, with what to do. */
  readonly lines: readonly string[];
  /** Whom it concerns by email: a report's owner; by default the operators. */
  readonly to?: string | null;
}

/** Where troubles are raised and recovered from; everybody who finds one uses this. */
export interface Alerts {
  /** Opens a trouble once and tells every channel; true when it wasn't open yet. Channels that fail are offered it again and throw nothing; only a database that is away throws. */
  raise(trouble: Trouble): Promise<boolean>;
  /** Closes a trouble and tells whoever was told of it; true when it was open. */
  recover(key: string): Promise<boolean>;
}

/** Something an operator must know, as a channel tells it. */
export interface Alert {
  readonly key: string;
  readonly severity: "warning" | "critical" | "recovered" | "summary";
  readonly subject: string;
  readonly lines: readonly string[];
  /** `null`: the operators. */
  readonly to: string | null;
  /** Tells apart two openings of one key; absent where there is no row. */
  readonly id?: string;
}
