import { once } from "node:events";
import { createServer, type Socket } from "node:net";

/** How the sink behaves badly: at which moment, to whom, for how many messages, and for how many tries of one recipient. */
export type Misbehaviour = {
  readonly times?: number;
  readonly each?: number;
  readonly to?: string | readonly string[];
} & (
  | { readonly kind: "greeting"; readonly reply: string }
  | { readonly kind: "silent" }
  | { readonly kind: "mail-reply"; readonly reply: string }
  | { readonly kind: "rcpt-reply"; readonly reply: string }
  | { readonly kind: "data-reply"; readonly reply: string }
  | { readonly kind: "end-reply"; readonly reply: string }
  | { readonly kind: "drop-in-data"; readonly afterBytes: number }
  | { readonly kind: "drop-after-data" }
  | { readonly kind: "reset-after-data" }
  | { readonly kind: "mute-after-data" }
  | { readonly kind: "slow-reader"; readonly pauseMs: number }
);

/** A message of which the sink got the whole data. `answered`: the client was told that it was taken. */
export interface SunkMessage {
  readonly from: string;
  readonly to: readonly string[];
  readonly data: string;
  readonly answered: boolean;
}

/** A mail server for tests that takes everything, or misbehaves as told; what it got is the truth that tests are judged by. */
export interface Sink extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly messages: readonly SunkMessage[];
  /** Connections that were opened so far. */
  readonly connections: number;
  misbehave(misbehaviour: Misbehaviour): void;
  behave(): void;
  /** Ends all open connections, as a server does with idle ones. */
  dropAll(): void;
}

export interface SinkOptions {
  readonly pipelining?: boolean;
  /** The port of a sink that was there before and is up again; any free one without it. */
  readonly port?: number;
  /** Announced limit of a message. */
  readonly size?: number;
}

interface State {
  readonly messages: SunkMessage[];
  readonly sockets: Set<Socket>;
  connections: number;
  trouble: Misbehaviour | null;
  left: number;
  /** Misbehaviours by recipient. */
  readonly met: Map<string, number>;
}

/** Starts a sink on 127.0.0.1 at a free port. */
export const startSink = async (options: SinkOptions = {}): Promise<Sink> => {
  const state: State = { messages: [], sockets: new Set(), connections: 0, trouble: null, left: 0, met: new Map() };
  const server = createServer((socket) => converse(socket, state, options));
  server.listen(options.port ?? 0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `smtp://127.0.0.1:${port}`,
    port,
    get messages() {
      return state.messages;
    },
    get connections() {
      return state.connections;
    },
    misbehave: (trouble) => {
      state.trouble = trouble;
      state.met.clear();
      state.left = trouble.times ?? Number.POSITIVE_INFINITY;
    },
    behave: () => {
      state.trouble = null;
    },
    dropAll: () => {
      for (const socket of state.sockets) socket.destroy();
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of state.sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
};

type Kind = Misbehaviour["kind"];

/** The misbehaviour of this kind, counted as used; `to`: whom the message is for, once that is known. */
const troubleOf = <K extends Kind>(
  state: State,
  kind: K,
  to: readonly string[] = [],
): Extract<Misbehaviour, { kind: K }> | null => {
  const { trouble } = state;
  if (trouble?.kind !== kind || state.left <= 0 || !isMeant(trouble, to)) return null;
  const key = to.join();
  const met = state.met.get(key) ?? 0;
  if (met >= (trouble.each ?? Number.POSITIVE_INFINITY)) return null;
  state.met.set(key, met + 1);
  state.left -= 1;
  return trouble as Extract<Misbehaviour, { kind: K }>;
};

const isMeant = ({ to }: Misbehaviour, recipients: readonly string[]): boolean =>
  to === undefined || recipients.some((one) => to === one || (typeof to === "object" && to.includes(one)));

interface Talk {
  from: string;
  to: string[];
  inData: boolean;
  /** What comes is read with pauses from now on. */
  isSlow: boolean;
  buffer: string;
}

const converse = (socket: Socket, state: State, options: SinkOptions): void => {
  const talk: Talk = { from: "", to: [], inData: false, isSlow: false, buffer: "" };
  state.sockets.add(socket);
  state.connections += 1;
  socket.setEncoding("latin1");
  socket.on("error", () => {});
  socket.on("close", () => state.sockets.delete(socket));
  if (troubleOf(state, "silent") !== null) return;
  const greeting = troubleOf(state, "greeting");
  say(socket, greeting?.reply ?? "220 sink.example.com ESMTP");
  if (greeting !== null) return void socket.end();
  socket.on("data", (chunk: string) => {
    talk.buffer += chunk;
    advance({ socket, state, talk, options });
  });
};

interface Turn {
  readonly socket: Socket;
  readonly state: State;
  readonly talk: Talk;
  readonly options: SinkOptions;
}

const advance = (turn: Turn): void => {
  const { talk, socket } = turn;
  while (!socket.destroyed) {
    if (talk.inData) {
      if (!takeData(turn)) return;
      continue;
    }
    const end = talk.buffer.indexOf("\r\n");
    if (end === -1) return;
    const line = talk.buffer.slice(0, end);
    talk.buffer = talk.buffer.slice(end + 2);
    command(line, turn);
  }
};

const command = (line: string, { socket, state, talk, options }: Turn): void => {
  const verb = line.slice(0, 4).toUpperCase();
  if (verb === "EHLO") {
    say(socket, ehlo(options));
    return;
  }
  if (verb === "MAIL") {
    talk.from = addressIn(line);
    talk.to = [];
    say(socket, troubleOf(state, "mail-reply")?.reply ?? "250 2.1.0 Ok");
    return;
  }
  if (verb === "RCPT") {
    recipient(line, { socket, state, talk });
    return;
  }
  if (verb === "DATA") {
    const reply =
      talk.to.length === 0
        ? "554 5.5.1 no valid recipients"
        : (troubleOf(state, "data-reply", talk.to)?.reply ?? "354 go on");
    talk.inData = reply.startsWith("354");
    const slow = talk.inData ? troubleOf(state, "slow-reader", talk.to) : null;
    // One connection brings many messages, and is slowed once.
    if (slow !== null && !talk.isSlow) readSlowly(socket, slow.pauseMs);
    talk.isSlow ||= slow !== null;
    say(socket, reply);
    return;
  }
  if (verb === "QUIT") {
    say(socket, "221 2.0.0 Bye");
    socket.end();
    return;
  }
  say(socket, "250 2.0.0 Ok");
};

const recipient = (line: string, { socket, state, talk }: Omit<Turn, "options">): void => {
  const address = addressIn(line);
  const refusal = troubleOf(state, "rcpt-reply", [address]);
  if (refusal === null) talk.to.push(address);
  say(socket, refusal?.reply ?? "250 2.1.5 Ok");
};

/** Takes what there is of the data; false when more must come first. */
const takeData = ({ socket, state, talk }: Turn): boolean => {
  const { trouble } = state;
  if (
    trouble?.kind === "drop-in-data" &&
    talk.buffer.length >= trouble.afterBytes &&
    troubleOf(state, "drop-in-data", talk.to) !== null
  ) {
    socket.destroy();
    return false;
  }
  const end = talk.buffer.startsWith(".\r\n") ? 0 : talk.buffer.indexOf("\r\n.\r\n");
  if (end === -1) return false;
  const data = `${talk.buffer.slice(0, end)}\r\n`.replaceAll("\r\n..", "\r\n.");
  talk.buffer = talk.buffer.slice(end === 0 ? 3 : end + 5);
  talk.inData = false;
  endOfData(data, { socket, state, talk });
  return true;
};

const endOfData = (data: string, { socket, state, talk }: Omit<Turn, "options">): void => {
  const reply = troubleOf(state, "end-reply", talk.to)?.reply ?? "250 2.0.0 Ok: queued as SINK";
  const drop = troubleOf(state, "drop-after-data", talk.to) !== null;
  const reset = troubleOf(state, "reset-after-data", talk.to) !== null;
  const mute = troubleOf(state, "mute-after-data", talk.to) !== null;
  const answered = !drop && !reset && !mute;
  // A refused message is not the sink's; one that was taken without a word is.
  if (reply.startsWith("2")) state.messages.push({ from: talk.from, to: [...talk.to], data, answered });
  if (answered) {
    say(socket, reply);
    return;
  }
  if (drop) socket.end();
  if (reset) socket.resetAndDestroy();
};

const readSlowly = (socket: Socket, pauseMs: number): void => {
  socket.on("data", () => {
    socket.pause();
    setTimeout(() => socket.resume(), pauseMs);
  });
};

const ehlo = ({ pipelining = true, size }: SinkOptions): string => {
  const lines = [
    "sink.example.com",
    ...(pipelining ? ["PIPELINING"] : []),
    ...(size === undefined ? [] : [`SIZE ${size}`]),
    "8BITMIME",
  ];
  return lines.map((line, at) => `250${at === lines.length - 1 ? " " : "-"}${line}`).join("\r\n");
};

const addressIn = (line: string): string => /<([^>]*)>/.exec(line)?.[1] ?? "";

const say = (socket: Socket, line: string): void => {
  if (!socket.destroyed) socket.write(`${line}\r\n`);
};
