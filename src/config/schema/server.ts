import { z } from "zod";
import { choice, line, list, named, section, text, whole } from "#config/schema/values.ts";

/** The kinds of report server that `kind` may name; a test compares them with those that exist. */
export const kinds = ["sample", "web", "tableau", "superset", "metabase", "grafana", "redash"] as const;

/** The positive sign that a view is drawn: a selector, or one of three forms. `resolve/` asks for exactly one. */
export const readySign = () =>
  z
    .union([
      line("a CSS selector, or one of selector, attribute, js"),
      section({
        selector: line("a CSS selector").optional().describe("Drawn when an element matches this CSS selector."),
        attribute: section({
          selector: line("a CSS selector").optional().describe("CSS selector of the element."),
          name: line("an attribute's name").optional().describe("Name of its attribute."),
          value: line("an attribute's value").optional().describe("The value that it has once the view is drawn."),
        })
          .optional()
          .describe("Drawn when an element's attribute has a value."),
        js: text("a JavaScript expression").optional().describe("Drawn when this JavaScript expression is true."),
      }),
    ])
    .optional();

const form = section({
  path: line("a path").prefault("/login").describe("Path of the sign-in page on this server."),
  user: line("a CSS selector").prefault("[name=username]").describe("CSS selector of the field for the user's name."),
  password: line("a CSS selector")
    .prefault("[type=password]")
    .describe("CSS selector of the field for the password; the password itself never stands in this file."),
  submit: line("a CSS selector").prefault("[type=submit]").describe("CSS selector of the button that signs in."),
});

const signIn = section({
  via: choice(["form", "token", "none"])
    .optional()
    .describe("How to sign in; found out by which of DAYBREAK_<SERVER>_USER, _PASSWORD and _TOKEN are set."),
  user: line("a user's name").optional().describe("The user's name, unless DAYBREAK_<SERVER>_USER has it."),
  form: form.optional().describe("The sign-in form of a plain web page; other kinds know theirs."),
  header: line("a header's name").optional().describe("The header that carries the token; each kind knows its own."),
});

const web = section({
  viewUrl: line("an address with {view}")
    .prefault("/{view}")
    .describe("Address of a view below the server's url; {view} is its encoded path, {locale} the language."),
  csvUrl: line("an address with {view}")
    .optional()
    .describe("Address of the same view's rows as CSV, where it has one."),
  filterStyle: choice(["repeat", "comma", "json"])
    .prefault("repeat")
    .describe("How several values of a filter stand in the address: Region=A&Region=B, Region=A,B or a JSON list."),
  filterPrefix: z
    .string({ error: 'must be a text; write "" for none' })
    .prefault("")
    .describe("What stands before a filter's name in the address."),
});

const server = section({
  url: text("a web address")
    .optional()
    .describe(`Base address of the report server; may name an environment variable: \${BI_URL}.`),
  kind: choice(kinds).optional().describe("What it is; found out where it can be."),
  hosts: list(line("a host's name"), "hosts")
    .optional()
    .describe("Other hosts that its pages may load from, with the port where it isn't the usual one."),
  signIn: signIn
    .prefault({})
    .describe("How Daybreak signs in. Secrets come from the environment, never from this file."),
  web: web.optional().describe("For kind web: how a plain web page takes its view and filters."),
  ready: readySign().describe("The sign that a view of this server is drawn; each kind knows its own."),
  tileSelector: line("a CSS selector")
    .optional()
    .describe("CSS selector of one tile, for page breaks and broken tiles."),
  dashboardSelector: line("a CSS selector")
    .optional()
    .describe("CSS selector of what is drawn; the whole page without it."),
  concurrency: whole(1, 64).prefault(4).describe("Most pages that are open on this server at a time."),
});

/** `server`: one address, or one server with its settings. */
export const oneServer = () => z.union([text("a web address, or a section with a url"), server]).optional();

/** `servers`: several by name. */
export const servers = () => named("a server", server).optional();
