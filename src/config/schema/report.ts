import { z } from "zod";
import {
  address,
  byText,
  choice,
  date,
  duration,
  line,
  list,
  locale,
  named,
  section,
  share,
  size,
  text,
  webUrl,
  whole,
  words,
  zone,
} from "#config/schema/values.ts";
import { drawing, manyViews, oneView } from "#config/schema/view.ts";
import { mostCharacters } from "#model/filters.ts";

const scheduleWords = "a schedule such as weekdays 07:00";

const schedule = z.union([
  line(`${scheduleWords}, or a section with at`),
  section({
    at: line(scheduleWords).optional().describe("When it is due, in words: weekdays 07:00, or monday 06:30."),
    cron: line("a cron expression").optional().describe("When it is due, as a cron expression of five fields."),
    zone: z
      .union([z.literal("recipient"), zone()])
      .optional()
      .describe("Time zone of these times for everybody. Default, also written recipient: each person's own."),
    calendar: line("a calendar's name").optional().describe("Name of the calendar whose days are free."),
    holidays: choice(["skip", "next-working-day", "send"])
      .prefault("skip")
      .describe("What happens to an occurrence on a free day."),
    start: date().optional().describe("First day, inclusive."),
    end: date().optional().describe("Last day, inclusive."),
    catchUp: section({
      within: duration().prefault("3h").describe("How long after its time a missed occurrence is still made."),
    })
      .prefault({})
      .describe("What happens after the machine was off."),
  }),
]);

const people = z.union([
  line("a CSV file, tables, or a section with query and on"),
  section({
    csv: line("a file")
      .optional()
      .describe("CSV file beside this one, with the columns email and name and any others."),
    query: text("a query").optional().describe("A query that gives the same columns."),
    on: line("a source's name").optional().describe("The source that it asks."),
  }),
]);

const filterValue = line("a value in quotes", mostCharacters);

const filter = z.union([
  line("a column of the list, or a section with value or values"),
  section({
    column: line("a column").optional().describe("Column of the list whose value the filter gets."),
    value: filterValue.optional().describe("One value, the same for everybody."),
    values: list(filterValue, "values").optional().describe("Several values, the same for everybody."),
  }),
]);

const proof = z.union([
  choice(["off", "warn", "enforce"]),
  section({
    mode: choice(["off", "warn", "enforce"])
      .optional()
      .describe("enforce holds back what isn't proven. Default: warn in trial, enforce when live."),
    columns: byText(line("a column")).prefault({}).describe("Filter: column of the CSV that carries its values."),
    parameters: byText(line("a parameter"))
      .prefault({})
      .describe("Filter: parameter of the page's data requests that carries its values."),
    elements: byText(line("a CSS selector")).prefault({}).describe("Filter: element whose text shows its values."),
    ignoreRequests: z
      .array(line("a part of an address"), { error: "must be a list of parts of addresses; write it in brackets" })
      .prefault([])
      .describe("Parts of addresses whose requests need not carry a filter."),
  }),
]);

const probe = section({
  sql: text("a query").optional().describe("A query whose first cell is true, or a date that is fresh enough."),
  on: line("a source's name").optional().describe("The source that it asks."),
  http: webUrl().optional().describe("An address that must answer."),
  expect: line("a text").optional().describe("What its answer must hold."),
});

const readiness = section({
  probes: list(probe, "probes")
    .optional()
    .describe("Questions that must all be answered well before anything is drawn."),
  every: duration().prefault("5m").describe("How often they are asked again."),
  until: line("a time of day or a duration")
    .prefault("90m")
    .describe('How long they are asked: until a time of day ("08:30") or for a duration (90m).'),
  otherwise: choice(["send-with-notice", "send-late-note", "skip"])
    .prefault("send-with-notice")
    .describe("What happens when the data isn't ready by then."),
});

const fact = section({
  name: line("a name").optional().describe("Name in texts: {{facts.revenue}}."),
  label: words("a label", "one line").optional().describe("What stands over the figure. Default: its name."),
  csv: line("an aggregate").optional().describe("From the view's own rows: sum(Revenue), count(), avg(Units)."),
  sql: text("a query").optional().describe("From a query with :filters bound; its first cell."),
  on: line("a source's name").optional().describe("The source that the query asks."),
  against: z
    .union([
      line("an aggregate, or a section with csv and label"),
      section({
        csv: line("an aggregate").optional().describe("The figure to compare with."),
        label: words("a label", "one line").optional().describe("What it is: the week before."),
      }),
    ])
    .optional()
    .describe("What it is compared with. Default: the same figure in the last email sent."),
  style: choice(["number", "percent", "currency"]).optional().describe("How it is written. Default: number."),
  currency: line("a currency's code").optional().describe("ISO code of the currency, which also makes it one: EUR."),
  decimals: whole(0, 6).optional().describe("Digits after the point. Default: as many as it needs, at most two."),
  better: choice(["higher", "lower"]).optional().describe("Which way is good; colours the change."),
});

const report = section({
  title: words("a title", "one line").optional().describe("Title of the email. Default: from the report's name."),
  view: oneView().describe("What it shows: the path of a view on its server."),
  views: manyViews().describe("What it shows, when it is several views in one email."),
  ...drawing,
  at: schedule.optional().describe("When it is due, in words (weekdays 07:00) or as a section."),
  to: people
    .prefault("tables")
    .describe("Who gets it: a CSV file, a query, or tables for the people kept by Daybreak."),
  filter: byText(filter)
    .prefault({})
    .describe("The view's filters, and the column of the list each gets its value from."),
  split: choice(["together", "sections", "each"])
    .prefault("together")
    .describe("A person with several values gets one picture, a section for each, or an email for each."),
  formats: list(choice(["png", "pdf", "csv", "xlsx"]), "formats")
    .prefault(["png"])
    .describe("What the email holds."),
  locale: locale().optional().describe("Language of people who have none of their own. Default: the configuration's."),
  empty: choice(["note", "send", "skip"])
    .prefault("note")
    .describe("What happens when a person's filters match no rows."),
  proof: proof
    .prefault({})
    .describe("How each email is proven to hold its person's own rows; or one of off, warn, enforce."),
  readiness: readiness.optional().describe("When the data is fresh enough, and what happens if it isn't."),
  facts: list(fact, "facts")
    .max(6, { error: "has more than six facts; keep the six that matter most" })
    .optional()
    .describe("Figures in the subject and over the picture, at most six."),
  subject: words("a subject", "one line")
    .optional()
    .describe("Subject of the email. Default: the first fact, the title and the date."),
  greeting: words("a greeting", "one line").optional().describe("First line of the email."),
  intro: words("an introduction").optional().describe("A sentence or two before the picture."),
  contact: words("a contact").optional().describe("Whom to ask, at the end of the email."),
  template: line("a template's name").prefault("morning").describe("Folder below templates/mail."),
  link: choice(["filtered", "plain", "none"])
    .prefault("filtered")
    .describe("Link to the live view, with or without the filters."),
  owner: address().optional().describe("Who answers for it: gets the summary, answers and trouble."),
  expires: duration().prefault("12h").describe("After this time it isn't sent any more."),
  sizeBudget: size().optional().describe("Largest email of this report. Default: mail.sizeBudget."),
  whenRenderFails: choice(["fail", "send-without"])
    .prefault("fail")
    .describe("What happens to an email of several views when one can't be drawn."),
  audienceGuard: share()
    .prefault("off")
    .describe("Pauses it when the number of its people changed by more than this share: 50%, or off."),
  firstWave: section({
    to: list(line("a key or an address"), "keys or addresses")
      .optional()
      .describe("Who gets it first, by key or address; the report's owner always does."),
    size: whole(0, 10_000).prefault(0).describe("So many further people get it first."),
    rest: line("after 10m, or when released")
      .prefault("after 10m")
      .describe("When the others follow: after 10m if nothing is wrong, or when released by an operator."),
  })
    .optional()
    .describe("A few people get it before the others do."),
  bundle: line("a name").optional().describe("Reports of one bundle and one schedule go out as one email."),
});

/** `reports`: what is sent, by name. */
export const reports = () => named("a report", report).prefault({});
