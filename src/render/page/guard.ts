import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { CDPSession, HTTPRequest, HTTPResponse, Page } from "puppeteer";
import { Fault } from "#model/fault.ts";
import { type AddressBook, addressBook, isListed, isMetadataName } from "#render/page/address.ts";
import { guardSockets } from "#render/page/sockets.ts";

/** Where a page may go and what it may load. */
export interface Hosts {
  /** Hosts of the report server, its sign-in included: pages and data. A port is named where it isn't the scheme's own. */
  readonly pages: readonly string[];
  /** More hosts for fonts, pictures and scripts; `*` is any public one. Pages never go there. */
  readonly parts?: readonly string[];
  /** Sent to the hosts of `pages` only (token sign-in). */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request that was not let through. */
export interface Refusal {
  readonly host: string;
  readonly why: "not-listed" | "never";
  readonly isPage: boolean;
}

/** Watches all that a page asks for. Until it is told hosts it lets nothing through. */
export interface Guard {
  /** The rules of the next render; forgets the refusals of the last one. */
  readonly allow: (hosts: Hosts) => Promise<void>;
  readonly refusals: () => readonly Refusal[];
  /** The refusal that must end the render, as a fault; `null` while there is none. */
  readonly fault: () => Fault | null;
}

interface State {
  hosts: Hosts;
  refusals: Refusal[];
  readonly book: AddressBook;
  readonly resolved: Map<string, Promise<readonly string[]>>;
}

const nothing: Hosts = { pages: [] };

/** A listed host's DNS answer is asked anew in each render, so a later change of it is seen. */
const mostRefusals = 50;

/** Starts to watch a page. */
export const guardPage = async (page: Page, cdp: CDPSession): Promise<Guard> => {
  const state: State = { hosts: nothing, refusals: [], book: addressBook(), resolved: new Map() };
  page.on("request", (request) => void decide(state, request));
  page.on("response", (response) => noteResponse(state, response));
  await page.setRequestInterception(true);
  const allowSockets = await guardSockets(page, cdp, (url) => noteSocket(state, url));
  return {
    allow: async (hosts) => {
      Object.assign(state, { hosts, refusals: [] });
      state.resolved.clear();
      await allowSockets(hosts.pages);
    },
    refusals: () => state.refusals,
    fault: () => faultOf(state.refusals),
  };
};

const decide = async (state: State, request: HTTPRequest): Promise<void> => {
  try {
    const refusal = await refusalOf(state, request);
    if (refusal === null) return await request.continue(withHeaders(state, request));
    note(state, refusal);
    await request.abort("blockedbyclient");
  } catch {
    // The page has gone or has taken the request back; there is nobody left to answer.
  }
};

const refusalOf = async (state: State, request: HTTPRequest): Promise<Refusal | null> => {
  const url = parse(request.url());
  if (url === null) return { host: "?", why: "not-listed", isPage: false };
  if (["data:", "blob:", "about:"].includes(url.protocol)) return null;
  const isPage = request.isNavigationRequest() && request.frame()?.parentFrame() === null;
  const why = await reasonAgainst(state, url, isPage);
  return why === null ? null : { host: url.host, why, isPage };
};

const reasonAgainst = async (state: State, url: URL, isPage: boolean): Promise<Refusal["why"] | null> => {
  if (url.protocol !== "http:" && url.protocol !== "https:") return "not-listed";
  if (isMetadataName(url.hostname)) return "never";
  if (state.book.kindOf(url.hostname) === "never") return "never";
  const { pages, parts = [] } = state.hosts;
  const isNamed = isListed(url, pages) || (!isPage && isListed(url, parts));
  if (!isNamed && (isPage || !parts.includes("*"))) return "not-listed";
  const kinds = (await addressesOf(state, url.hostname)).map((address) => state.book.kindOf(address));
  if (kinds.includes("never")) return "never";
  return !isNamed && kinds.includes("private") ? "not-listed" : null;
};

/** A name that can't be resolved here has no addresses: the browser may know it through its proxy, and the answer's own address is looked at too. */
const addressesOf = (state: State, hostname: string): Promise<readonly string[]> => {
  const bare = hostname.replace(/^\[|\]$/g, "");
  if (isIP(bare) !== 0) return Promise.resolve([bare]);
  const known = state.resolved.get(bare);
  if (known !== undefined) return known;
  const asked = lookup(bare, { all: true }).then(
    (found) => found.map(({ address }) => address),
    () => [],
  );
  state.resolved.set(bare, asked);
  return asked;
};

/** A redirect keeps what was sent before it, so the headers of the sign-in are taken off again for every other host. */
const withHeaders = ({ hosts }: State, request: HTTPRequest): { headers?: Record<string, string> } => {
  const own = Object.entries(hosts.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value] as const);
  if (own.length === 0) return {};
  const headers = { ...request.headers() };
  for (const [name] of own) delete headers[name];
  const url = parse(request.url());
  if (url !== null && isListed(url, hosts.pages)) Object.assign(headers, Object.fromEntries(own));
  return { headers };
};

/** Names may change their address between our question and the browser's, so the address that answered is judged as well. */
const noteResponse = (state: State, response: HTTPResponse): void => {
  const { ip } = response.remoteAddress();
  const url = parse(response.url());
  if (ip === undefined || url === null || state.book.kindOf(ip) !== "never") return;
  note(state, { host: url.host, why: "never", isPage: false });
};

const noteSocket = (state: State, url: URL): void => {
  if (isListed(url, state.hosts.pages)) return;
  const isNever = isMetadataName(url.hostname) || state.book.kindOf(url.hostname) === "never";
  note(state, { host: url.host, why: isNever ? "never" : "not-listed", isPage: false });
};

const note = (state: State, refusal: Refusal): void => {
  if (state.refusals.length < mostRefusals || refusal.isPage || refusal.why === "never") state.refusals.push(refusal);
};

/** A picture that isn't loaded may be a pity; a page that leaves, or one that asks for the machine's secrets, ends the render. */
const faultOf = (refusals: readonly Refusal[]): Fault | null => {
  const grave = refusals.find(({ why }) => why === "never") ?? refusals.find(({ isPage }) => isPage);
  if (grave === undefined) return null;
  const { host, why } = grave;
  if (why === "never") {
    return new Fault(
      "server.host-refused",
      `The page asked for ${host}, an address of the machine itself, which is always refused.`,
      {
        hint: "Find out what on the report server asks for it; no dashboard needs it.",
      },
    );
  }
  return new Fault(
    "server.host-refused",
    `The page wanted to go to ${host}, which isn't among the report server's hosts.`,
    {
      hint: `If ${host} belongs to it (a sign-in page, say), add it to the server's hosts.`,
    },
  );
};

const parse = (address: string): URL | null => (URL.canParse(address) ? new URL(address) : null);
