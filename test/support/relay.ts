import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** A way to a server that can be cut, refused or swallowed, as networks and failovers do. */
export interface Relay extends AsyncDisposable {
  /** The address with this relay's host and port in place of the server's own. */
  readonly url: string;
  /** Nobody gets through, and who is through is cut off; until `open`. */
  refuse(): Promise<void>;
  open(): Promise<void>;
  /** Cuts all that are through. New ones get through. */
  cut(): void;
}

/** Opens a relay before the server of an address, on 127.0.0.1. */
export const openRelay = async (target: string): Promise<Relay> => {
  const to = new URL(target);
  const through = new Set<Socket>();
  const pass = (socket: Socket): void => {
    const onward = connect(Number(to.port), to.hostname);
    for (const one of [socket, onward]) {
      through.add(one);
      one.on("error", () => {});
      one.on("close", () => {
        through.delete(one);
        socket.destroy();
        onward.destroy();
      });
    }
    socket.pipe(onward).pipe(socket);
  };
  const listen = async (port: number): Promise<Server> => {
    const server = createServer(pass).listen(port, "127.0.0.1");
    await once(server, "listening");
    return server;
  };
  let server: Server | null = await listen(0);
  const { port } = server.address() as AddressInfo;
  const cut = (): void => {
    for (const socket of through) socket.destroy();
  };
  const refuse = async (): Promise<void> => {
    const last = server;
    server = null;
    cut();
    if (last === null) return;
    last.close();
    await once(last, "close");
  };
  const url = new URL(target);
  url.host = `127.0.0.1:${port}`;
  return {
    url: url.href,
    refuse,
    cut,
    open: async () => {
      server ??= await listen(port);
    },
    [Symbol.asyncDispose]: refuse,
  };
};
