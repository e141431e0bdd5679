/** A mail server to measure against: it takes everything and keeps only how many emails came for whom. */
import { once } from "node:events";
import { createServer, type Socket } from "node:net";

/** What came in is judged here, never by our own tables. */
export interface MailSink extends AsyncDisposable {
  readonly url: string;
  /** Emails that were taken for each address since the last `forget`. */
  readonly counts: ReadonlyMap<string, number>;
  forget(): void;
}

const endOfLine = Buffer.from("\r\n");
const endOfData = Buffer.from("\r\n.\r\n");
const answers: Readonly<Record<string, string>> = { DATA: "354 go on", QUIT: "221 bye" };

/** Starts it on a free port of the loopback. */
export const startMailSink = async (): Promise<MailSink> => {
  const counts = new Map<string, number>();
  const sockets = new Set<Socket>();
  // Each answer leaves at once, as a mail server's does: held back for the last one's receipt, every email would take 40 ms longer.
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    converse(socket, (address) => counts.set(address, (counts.get(address) ?? 0) + 1));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return {
    url: `smtp://127.0.0.1:${typeof address === "object" ? address?.port : ""}`,
    counts,
    forget: () => counts.clear(),
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
};

const converse = (socket: Socket, taken: (address: string) => void): void => {
  let rest: Buffer = Buffer.alloc(0);
  let inData = false;
  let to: string[] = [];
  const say = (line: string): void => void socket.write(`${line}\r\n`);
  const command = (line: string): void => {
    const verb = line.slice(0, 4).toUpperCase();
    if (verb === "MAIL") to = [];
    if (verb === "RCPT") to.push(/<([^>]*)>/.exec(line)?.[1] ?? "");
    inData = verb === "DATA";
    say(verb === "EHLO" ? "250-sink\r\n250-PIPELINING\r\n250 8BITMIME" : (answers[verb] ?? "250 ok"));
  };
  /** Takes up to `mark`; `null` when it isn't there yet. */
  const until = (mark: Buffer): Buffer | null => {
    const end = rest.indexOf(mark);
    if (end === -1) return null;
    const found = rest.subarray(0, end);
    rest = rest.subarray(end + mark.length);
    return found;
  };
  const takeData = (): boolean => {
    if (until(endOfData) === null) {
      // The data itself isn't kept; its end may lie between two pieces.
      rest = Buffer.from(rest.subarray(-(endOfData.length - 1)));
      return false;
    }
    inData = false;
    for (const address of to) taken(address);
    say("250 taken");
    return true;
  };
  const takeLine = (): boolean => {
    const line = until(endOfLine);
    if (line !== null) command(line.toString("latin1"));
    return line !== null;
  };
  socket.on("error", () => {});
  socket.on("data", (chunk: Buffer) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (inData ? takeData() : takeLine());
  });
  say("220 sink ESMTP");
};
