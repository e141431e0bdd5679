import { z } from "zod";
import { readySign } from "#config/schema/server.ts";
import { choice, line, list, milliseconds, number, section, text, whole, words } from "#config/schema/values.ts";

/** How a view is drawn; these keys stand on a report for all its views, or on one view. */
export const drawing = {
  server: line("a server's name").optional().describe("Name of the report server. Default: the only one."),
  width: whole(200, 6000).optional().describe("Width of the drawn page in pixels. Default: 1280."),
  scale: number(0.5, 4).optional().describe("Pixels of the picture for each pixel of the page. Default: 1."),
  look: choice(["light", "dark"]).optional().describe("Colours that the page is asked for. Default: light."),
  language: choice(["report", "recipient"])
    .optional()
    .describe("Whose language the page is drawn in; the report's lets more people share a drawing. Default: report."),
  ready: readySign().describe("The sign that the view is drawn. Default: the server's."),
  tileSelector: line("a CSS selector").optional().describe("CSS selector of one tile. Default: the server's."),
  csv: section({
    url: text("an address").optional().describe("Address of the rows; it gets the same filters as the view."),
    table: line("a CSS selector").optional().describe("CSS selector of a table of the page that is read as the rows."),
  })
    .optional()
    .describe("Where the view's rows come from, if not from the server's own export."),
  brokenTile: choice(["fail", "send-with-note"])
    .optional()
    .describe("What a tile with an error does to the email. Default: fail."),
  settleTimeoutMs: milliseconds()
    .optional()
    .describe("Longest time until it is drawn. Default: limits.settleTimeoutMs."),
};

const view = z.union([
  line("a view's path, or a section with a path"),
  section({
    path: line("a view's path")
      .optional()
      .describe("Path of the view on its server: Workbook/Sheet, or the number of a dashboard."),
    name: line("a name").optional().describe("Short name, in file names. Default: from the path's last part."),
    title: words("a title", "one line").optional().describe("Title over the picture. Default: the path's last part."),
    ...drawing,
  }),
]);

/** `view`: what a report shows, when it is one. */
export const oneView = () => view.optional();

/** `views`: what a report shows, in order. */
export const manyViews = () => list(view, "views").optional();
