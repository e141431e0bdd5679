import type { CDPSession } from "puppeteer";
import type { RecordedRequest } from "#render/page/requests.ts";

/** What a page says and hears over sockets. */
export interface SocketTalk {
  readonly reset: () => void;
  /** Each socket that has brought something as one request: its address, and all that was said on it as one JSON list. */
  readonly talk: () => readonly RecordedRequest[];
}

const mostSaid = 65_536;

interface Socket {
  readonly url: string;
  readonly said: string[];
  size: number;
  hasHeard: boolean;
}

/** Starts to listen to a page's sockets: rows that come this way must have been asked for with the filter like any others. */
export const recordSockets = (cdp: CDPSession): SocketTalk => {
  const sockets = new Map<string, Socket>();
  cdp.on("Network.webSocketCreated", ({ requestId, url }) => {
    sockets.set(requestId, { url: url.replace(/^ws/, "http"), said: [], size: 0, hasHeard: false });
  });
  cdp.on("Network.webSocketFrameSent", ({ requestId, response }) => say(sockets.get(requestId), response.payloadData));
  cdp.on("Network.webSocketFrameReceived", ({ requestId }) => {
    const socket = sockets.get(requestId);
    if (socket !== undefined) socket.hasHeard = true;
  });
  return { reset: () => sockets.clear(), talk: () => [...sockets.values()].filter((one) => one.hasHeard).map(asked) };
};

const say = (socket: Socket | undefined, words: string): void => {
  if (socket === undefined || socket.size + words.length > mostSaid) return;
  socket.size += words.length;
  socket.said.push(words);
};

const asked = ({ url, said }: Socket): RecordedRequest => ({
  as: "asked",
  method: "GET",
  url,
  postBody: said.length === 0 ? null : JSON.stringify(said),
  status: 200,
  json: undefined,
  isTooLarge: false,
});
