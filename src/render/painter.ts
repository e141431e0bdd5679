import { join } from "node:path";
import type { Frame } from "puppeteer";
import { Fault, isFault } from "#model/fault.ts";
import type { RenderRequest } from "#model/render.ts";
import { openBrowser, type WarmBrowser } from "#render/browser.ts";
import { type ChromiumNote, type FindOptions, findChromium } from "#render/chromium.ts";
import { type DrawLimits, type Drawn, drawView } from "#render/draw.ts";
import type { ChromiumInstall } from "#render/launch.ts";
import type { Tab } from "#render/page/tab.ts";
import type { ReportServer, ViewInfo } from "#render/port.ts";
import type { Log } from "#runtime/log.ts";

/** What a painter is opened with. */
export interface PainterSettings {
  readonly home: string;
  readonly browser: Pick<FindOptions, "sandbox"> & {
    readonly path: string | null;
    readonly environment: Readonly<Record<string, string>>;
  };
  readonly limits: DrawLimits & {
    readonly signInTimeoutMs: number;
    readonly recycleAfterRenders: number;
    readonly recycleAboveMb: number;
  };
  readonly servers: ReadonlyMap<string, ReportServer>;
  readonly log: Log;
  readonly onProgress: (words: string) => void;
}

/** One worker's browser with what it knows of the report servers. It starts with the first render. */
export interface Painter {
  draw(request: RenderRequest, signal: AbortSignal): Promise<Drawn>;
  /** The views of a server, asked from within a signed-in page. */
  views(server: ReportServer, signal: AbortSignal): Promise<readonly ViewInfo[]>;
  close(): Promise<void>;
}

/** A sign-in that is known to have worked, in one browser's life. */
interface SignedIn {
  readonly pid: number | null;
  readonly views: ReadonlyMap<string, ViewInfo>;
}

/** Opens a painter. Several painters share one search for Chromium when they are handed the same `find`. */
export const openPainter = (settings: PainterSettings, find: () => Promise<ChromiumInstall>): Painter => {
  const known = new Map<string, SignedIn>();
  let browser: Promise<WarmBrowser> | null = null;
  const warm = (): Promise<WarmBrowser> => {
    browser ??= find().then((install) => openBrowser(install, browserLimits(settings)));
    return browser;
  };
  const withTab = async <T>(
    server: ReportServer,
    look: Tab["look"],
    work: (tab: Tab, pid: number | null) => Promise<T>,
  ): Promise<T> => {
    const own = await warm();
    await using tab = await own.page({
      look,
      hosts: { pages: server.settings.hosts, parts: ["*"], headers: server.headers() },
    });
    // Awaited here, or the tab would be given back while the work still goes on.
    return await work(tab, own.pid());
  };
  const enter = async (tab: Tab, pid: number | null, entry: Entry): Promise<SignedIn> => {
    const { server, view, signal } = entry;
    const before = known.get(server.settings.name);
    const isStill = before?.pid === pid;
    if (!isStill) await server.signIn(tab.page, { limitMs: settings.limits.signInTimeoutMs, signal });
    if (before !== undefined && isStill && (view === null || before.views.has(view))) return before;
    const listed = await server.catalog(tab.page, signal, view === null ? undefined : [view]);
    const views = new Map([...(isStill ? before.views : []), ...listed.map((one) => [one.path, one] as const)]);
    const now = { pid, views };
    known.set(server.settings.name, now);
    return now;
  };
  const draw = async (request: RenderRequest, signal: AbortSignal): Promise<Drawn> => {
    const server = serverOf(request, settings);
    const once = () =>
      withTab(server, lookOf(request), async (tab, pid) => {
        const { views } = await enter(tab, pid, { server, view: request.view.path, signal });
        const filters = filtersKnown(views, request);
        const watch = watchSignIn(tab, server);
        const bound = AbortSignal.any([signal, watch.ended]);
        try {
          const drawn = await drawView(tab, { request, server, filters, limits: settings.limits, signal: bound });
          watch.ended.throwIfAborted();
          return drawn;
        } catch (error) {
          // What else went wrong on a page that has left for the sign-in is only the consequence.
          watch.ended.throwIfAborted();
          throw error;
        } finally {
          watch.stop();
        }
      });
    try {
      return await once();
    } catch (error) {
      if (!isFault(error, "server.signin") || !known.has(server.settings.name)) throw error;
      // A sign-in that has expired is renewed once at once; a second refusal is the render's own fault.
      settings.log.info("server.signin-renewed", { server: server.settings.name });
      known.delete(server.settings.name);
      return once();
    }
  };
  return {
    draw,
    views: (server, signal) =>
      withTab(server, plainLook, async (tab, pid) => {
        await enter(tab, pid, { server, view: null, signal });
        return server.catalog(tab.page, signal);
      }),
    close: async () => {
      const own = browser;
      browser = null;
      if (own !== null) await (await own.catch(() => null))?.[Symbol.asyncDispose]();
    },
  };
};

interface Entry {
  readonly server: ReportServer;
  readonly view: string | null;
  readonly signal: AbortSignal;
}

/** One search for Chromium for all painters of a process. */
export const chromiumOnce = (
  settings: Pick<PainterSettings, "home" | "browser" | "log" | "onProgress">,
): (() => Promise<ChromiumInstall>) => {
  let found: Promise<ChromiumInstall> | null = null;
  const note = (told: ChromiumNote): void => {
    const { event, ...fields } = told;
    settings.log.info(event, fields);
    if (told.event === "chromium.unpacking") settings.onProgress("Unpacking the browser");
  };
  return () => {
    const { path, ...browser } = settings.browser;
    const configured = path === null ? {} : { configured: path };
    found ??= findChromium({ ...configured, ...browser, cacheDir: join(settings.home, "cache"), onProgress: note });
    found.catch(() => {
      found = null;
    });
    return found;
  };
};

const browserLimits = ({ limits }: PainterSettings) => ({
  launchMs: 20_000,
  callMs: limits.captureTimeoutMs,
  closeMs: 5_000,
  renders: limits.recycleAfterRenders,
  megabytes: limits.recycleAboveMb,
});

const height = 900;
const plainLook: Tab["look"] = { width: 1_200, height, scale: 1, locale: "en", zone: "UTC", theme: "light" };

const lookOf = ({ view, locale, zone }: RenderRequest): Tab["look"] => ({
  width: view.width,
  height,
  scale: view.scale,
  locale,
  zone,
  theme: view.look,
});

const serverOf = ({ view }: RenderRequest, { servers }: PainterSettings): ReportServer => {
  const server = servers.get(view.server);
  if (server !== undefined) return server;
  const hint = "name it under servers; a worker takes no work for a server that it doesn't know";
  throw new Fault("server.unreachable", `There is no report server “${view.server}”.`, { hint });
};

/** Names that the server doesn't know are refused here: most servers would ignore them in silence and draw everything. */
const filtersKnown = (views: ReadonlyMap<string, ViewInfo>, { view, filters }: RenderRequest) => {
  const info = views.get(view.path);
  const filtersOfView = info?.filters ?? [];
  if (info?.filters === null || info === undefined || filters === "all") return filtersOfView;
  const names = filtersOfView.flatMap(({ name, parameter }) => [name, parameter ?? name]);
  const odd = Object.keys(filters).find((name) => !names.includes(name));
  if (odd === undefined) return filtersOfView;
  const hint = `it has ${filtersOfView.map(({ name }) => `“${name}”`).join(", ")}; correct the report's filter`;
  throw new Fault("server.filter-unknown", `View “${view.path}” has no filter “${odd}”.`, { hint });
};

/**
 * A page that goes to the sign-in in the middle is known at once, not when a time-out ends. The signal also ends the drawing itself:
 * left to go on, it would disturb the next one on the same page.
 */
const watchSignIn = (tab: Tab, server: ReportServer): { readonly ended: AbortSignal; readonly stop: () => void } => {
  const ended = new AbortController();
  const look = (frame: Frame): void => {
    const isOther = frame.parentFrame() !== null || !URL.canParse(frame.url());
    if (isOther || !server.isSignInPage(new URL(frame.url()))) return;
    const what = `The sign-in to “${server.settings.name}” ended while the view was drawn.`;
    ended.abort(new Fault("server.signin", what, { hint: "it is renewed and drawn again", retry: "later" }));
  };
  tab.page.on("framenavigated", look);
  return { ended: ended.signal, stop: () => void tab.page.off("framenavigated", look) };
};
