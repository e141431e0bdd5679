import type { ReportServer, ServerKind, ServerSettings } from "#render/port.ts";
import { grafanaServer } from "#render/servers/grafana/server.ts";
import { metabaseServer } from "#render/servers/metabase/server.ts";
import { redashServer } from "#render/servers/redash/server.ts";
import { sampleServer } from "#render/servers/sample/server.ts";
import { supersetServer } from "#render/servers/superset/server.ts";
import { tableauServer } from "#render/servers/tableau/server.ts";
import { webServer } from "#render/servers/web/server.ts";

const kinds: Readonly<Record<ServerKind, (settings: ServerSettings) => ReportServer>> = {
  sample: sampleServer,
  web: webServer,
  tableau: tableauServer,
  superset: supersetServer,
  metabase: metabaseServer,
  grafana: grafanaServer,
  redash: redashServer,
};

/** The adapter for a server's kind. It remembers what its catalog was told, so keep it as long as the sign-in. */
export const serverOf = (settings: ServerSettings): ReportServer => kinds[settings.kind](settings);
