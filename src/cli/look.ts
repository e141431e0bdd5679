/** Looks at report servers as the daemon would see them: one browser, signed in, nothing kept. */
import type { ServerLook } from "#actions/check.ts";
import { openServersOf, type Tools } from "#app.ts";
import type { Cli } from "#cli/verb.ts";
import { Fault } from "#model/fault.ts";

/** Opens a look at the configuration's servers; the browser starts with the first question. Ctrl-C closes it, too. */
export const openLook = (
  tools: Tools,
  { keep }: Pick<Cli, "keep">,
): ServerLook & { readonly close: () => Promise<void> } => {
  const look = openOne(tools);
  void keep(Promise.resolve(look), ({ close }) => close());
  return look;
};

const openOne = (tools: Tools): ServerLook & { readonly close: () => Promise<void> } => {
  const stop = new AbortController();
  let opened: ReturnType<typeof open> | null = null;
  const open = async () => {
    const servers = await openServersOf(tools.config);
    return { servers, painter: tools.openPainter(servers) };
  };
  let closing: Promise<void> | null = null;
  const close = async (): Promise<void> => {
    stop.abort();
    if (opened !== null) await (await opened.catch(() => null))?.painter.close();
  };
  const once = (): ReturnType<typeof open> => {
    opened ??= open();
    return opened;
  };
  return {
    views: async (name) => {
      const { servers, painter } = await once();
      const server = servers.get(name);
      if (server === undefined)
        throw new Fault("server.unreachable", `There is no report server “${name}”.`, {
          hint: "name it under servers",
        });
      return painter.views(server, stop.signal);
    },
    draw: async (request) => (await (await once()).painter.draw(request, stop.signal)).evidence,
    close: () => {
      closing ??= close();
      return closing;
    },
  };
};
