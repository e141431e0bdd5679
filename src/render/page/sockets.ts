import type { CDPSession, Page } from "puppeteer";

/**
 * Chromium offers no way to hold a socket back before it is open (neither interception nor its list of blocked addresses sees them),
 * so documents get a constructor that refuses other hosts before it asks. A worker could get round it; the launch flags
 * keep the metadata addresses out of its reach, and what it opens is told by `onOpened`. The other ways past the interception (service
 * workers, socket streams, WebTransport) are taken away: no dashboard needs them to be drawn once.
 */
export const guardSockets = async (
  page: Page,
  cdp: CDPSession,
  onOpened: (url: URL) => void,
): Promise<(hosts: readonly string[]) => Promise<void>> => {
  let last: string | null = null;
  cdp.on("Network.webSocketCreated", ({ url }) => {
    if (URL.canParse(url)) onOpened(asHttp(new URL(url)));
  });
  await cdp.send("Network.enable");
  return async (hosts) => {
    const { identifier } = await page.evaluateOnNewDocument(refuseSockets, [...hosts]);
    if (last !== null) await page.removeScriptToEvaluateOnNewDocument(last);
    last = identifier;
  };
};

/** Sockets share hosts and ports with the pages that open them. */
const asHttp = (url: URL): URL => new URL(url.href.replace(/^ws/, "http"));

interface SocketClass {
  new (address: string, protocols?: string | string[]): object;
  readonly prototype: { constructor: unknown };
}
declare const window: {
  WebSocket: SocketClass;
  WebSocketStream?: unknown;
  WebTransport?: unknown;
  readonly ServiceWorkerContainer?: { readonly prototype: object };
};
declare const location: { readonly href: string };

/** Runs in each new document, so it repeats in small what `isListed` does. */
const refuseSockets = (hosts: readonly string[]) => {
  const isAllowed = (url: URL) =>
    hosts.some(
      (host) => host === url.host || (host.startsWith("*.") && url.port === "" && url.hostname.endsWith(host.slice(1))),
    );
  window.WebSocket = new Proxy(window.WebSocket, {
    construct: (real, args: [string, string[]?]) => {
      const url = new URL(String(args[0]), location.href.replace(/^http/, "ws"));
      if (isAllowed(url)) return Reflect.construct(real, args);
      throw new Error(`The connection to ${url.host} is refused.`);
    },
  });
  // A prototype would give the real one away.
  window.WebSocket.prototype.constructor = window.WebSocket;
  delete window.WebSocketStream;
  delete window.WebTransport;
  const { ServiceWorkerContainer } = window;
  if (ServiceWorkerContainer === undefined) return;
  const register = () => Promise.reject(new Error("Service workers are refused."));
  Object.defineProperty(ServiceWorkerContainer.prototype, "register", { value: register, configurable: false });
};
