import { Fault, isFault } from "#model/fault.ts";
import type { Filters } from "#model/filters.ts";
import type { ReportView } from "#model/report.ts";
import type { ReportServer, ServerKind, ServerSettings } from "#render/port.ts";
import { detectKind } from "#render/servers/detect.ts";
import { serverOf } from "#render/servers/kinds.ts";
import type { Log } from "#runtime/log.ts";

/** A server's settings whose kind may have to be found out by asking it. */
export type UndetectedServer = Omit<ServerSettings, "kind"> & { readonly kind: ServerKind | null };

/** The report servers by name. Throws `server.unreachable` for one that must be asked what it is and doesn't answer. */
export const openServers = async (all: readonly UndetectedServer[]): Promise<ReadonlyMap<string, ReportServer>> =>
  new Map(await Promise.all(all.map(async (settings) => [settings.name, await openServer(settings)] as const)));

/** Opens into `known` those that aren't there yet; one that doesn't answer is logged and left for the next time. */
export const openMissing = async (
  all: readonly UndetectedServer[],
  known: Map<string, ReportServer>,
  log: Log,
): Promise<void> => {
  const open = async (settings: UndetectedServer): Promise<void> => {
    try {
      known.set(settings.name, await openServer(settings));
    } catch (error) {
      if (!isFault(error, "server.unreachable")) throw error;
      log.error("server.away", { server: settings.name, error });
    }
  };
  await Promise.all(all.filter(({ name }) => !known.has(name)).map(open));
};

/** One report server, after finding out what it is where the settings don't say. */
export const openServer = async (settings: UndetectedServer): Promise<ReportServer> =>
  serverOf({ ...settings, kind: settings.kind ?? (await kindOf(settings)) });

/** A server that is away at the start is taken for a plain web page only if the configuration says so: a guess could draw the wrong thing. */
const kindOf = async ({ name, url }: UndetectedServer): Promise<ServerKind> => {
  try {
    return (await detectKind(url, fetch)).kind;
  } catch (cause) {
    const hint = `start it, or name its kind: servers.${name}.kind`;
    const what = `The report server “${name}” doesn't answer at ${url}.`;
    throw new Fault("server.unreachable", what, { hint, retry: "later", cause });
  }
};

/**
 * Where a reader finds a view by hand, with its filters (`null`: without); `null` where the server isn't known or can't express them.
 * `base` stands in place of the server's address, where readers reach it by another.
 */
export const linksInto =
  (servers: ReadonlyMap<string, ReportServer>, base: string | null) =>
  (view: ReportView, filters: Filters | null, locale: string): string | null => {
    try {
      const server = servers.get(view.server);
      if (server === undefined) return null;
      const address = server.address(view, filters ?? "all", locale);
      const { url } = server.settings;
      return base !== null && address.startsWith(url) ? base + address.slice(url.length) : address;
    } catch (error) {
      // A server that has not been signed in to in this process may not know its own filters yet; an email needs no link.
      if (isFault(error)) return null;
      throw error;
    }
  };
