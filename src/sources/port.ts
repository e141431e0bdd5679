/** The answer of a query: at most the row limit's rows, every value as text or `null`. */
export interface Rows {
  readonly columns: readonly string[];
  readonly rows: readonly Readonly<Record<string, string | null>>[];
}

/**
 * A database that facts, probes and audiences ask: read-only, bounded in time and rows.
 * `:name` in the SQL is bound to `parameters[name]` (a list becomes an array), never pasted.
 */
export interface Source {
  readonly name: string;
  query(ask: {
    readonly sql: string;
    readonly parameters: Readonly<Record<string, string | readonly string[]>>;
    readonly signal?: AbortSignal;
  }): Promise<Rows>;
  close(): Promise<void>;
}
