/** Something an operator must know; told once, open until it has recovered. */
export interface Alert {
  /** Names the trouble: the same key while it is open is the same alert (`slot:42`, `server:main`). */
  readonly key: string;
  readonly severity: "warning" | "critical" | "recovered" | "summary";
  readonly subject: string;
  /** Sentences for an operator, with what to do. */
  readonly lines: readonly string[];
  /** Whom it concerns: a report's owner; `null`: the operators. */
  readonly to: string | null;
}

/** One way of telling somebody. A channel that fails throws a `Fault`; the others are still tried. */
export interface AlertChannel {
  readonly name: string;
  tell(alert: Alert, signal: AbortSignal): Promise<void>;
}
