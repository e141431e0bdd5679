import { type Day, dayOf, todayInBerlin } from "./day.ts";
import { type Mischief, newMischief } from "./misbehaviour.ts";
import { type Ledger, openLedger } from "./orders.ts";
import { newSessions, type Sessions } from "./signing.ts";

/** One request as it was asked, for tests that ask what a browser really sent. */
export interface LoggedRequest {
  readonly method: string;
  /** Without the query, percent-decoded. */
  readonly path: string;
  readonly query: Readonly<Record<string, readonly string[]>>;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** What one running sample server knows. */
export interface SampleState {
  readonly ledger: Ledger;
  readonly sessions: Sessions;
  readonly mischief: Mischief;
  readonly requests: LoggedRequest[];
  readonly user: string;
  readonly password: string;
  /** Yesterday: the last day with orders. */
  asOf(): Day;
  setToday(iso: string): void;
}

/** What a state starts from. */
export interface StateOptions {
  readonly today?: string | undefined;
  readonly user: string;
  readonly password: string;
  readonly sessionMs: number;
}

const keptRequests = 20_000;

/** A state without sessions, requests or mischief; without `today` it follows the date in Berlin. */
export const newState = ({ today, user, password, sessionMs }: StateOptions): SampleState => {
  let pinned = today === undefined ? undefined : dayOf(today);
  return {
    ledger: openLedger(),
    sessions: newSessions(sessionMs),
    mischief: newMischief(),
    requests: [],
    user,
    password,
    asOf: () => (pinned ?? todayInBerlin()) - 1,
    setToday: (iso) => {
      pinned = dayOf(iso);
    },
  };
};

/** Notes a request; a demo that runs for weeks forgets the oldest. */
export const note = (state: SampleState, method: string, url: URL): void => {
  const query: Record<string, string[]> = {};
  for (const [key, value] of url.searchParams) query[key] = [...(query[key] ?? []), value];
  state.requests.push({ method, path: decodeURIComponent(url.pathname), query, at: Date.now() });
  if (state.requests.length > keptRequests) state.requests.splice(0, keptRequests / 2);
};
