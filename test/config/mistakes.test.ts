import { expect, test } from "vitest";
import { complete, mistakes, plain, report, type Wrong } from "./support.ts";

const wrong: readonly Wrong[] = [
  ["an empty file", "", ["daybreak.yaml:1:1 the file must hold keys; begin with “server: https://…”."]],
  ["a mistyped key", `${complete}lcoale: de\n`, ["daybreak.yaml:9:1 lcoale: is no known key; did you mean “locale”?"]],
  [
    "a mistyped key that was needed, once only",
    report("view: S/a\nta: weekdays 07:00"),
    ["daybreak.yaml:5:5 reports.daily.ta: is no known key; did you mean “at” or “to”?"],
  ],
  [
    "a key that resembles none",
    `${complete}browser: { colour: red }\n`,
    ["daybreak.yaml:9:12 browser.colour: is no known key; known here are path, sandbox."],
  ],
  [
    "a wrong word",
    report(`${plain}\nempty: sned`),
    ["daybreak.yaml:6:12 reports.daily.empty: “sned” must be note, send or skip; did you mean “send”?"],
  ],
  [
    "a wrong word in a list",
    report(`${plain}\nformats: [png, pfd]`),
    ["daybreak.yaml:6:20 reports.daily.formats[1]: “pfd” must be png, pdf, csv or xlsx; did you mean “pdf”?"],
  ],
  [
    "a setting without a value",
    report(`${plain}\nowner:`),
    ["daybreak.yaml:6:11 reports.daily.owner: has no value; write one, or delete the line."],
  ],
  [
    "a duration without a unit",
    report(`${plain}\nexpires: 12`),
    [
      "daybreak.yaml:6:14 reports.daily.expires: 12 must be a duration; write a number with its unit, such as 90s, 5m, 3h or 2d.",
    ],
  ],
  [
    "a size without a unit",
    `${complete}`.replace("mail: {", "mail: { sizeBudget: big,"),
    ["daybreak.yaml:2:21 mail.sizeBudget: “big” must be a size; write a number with its unit, such as 500kB or 8MB."],
  ],
  [
    "an unknown zone",
    `${complete}zone: Europe/Berln\n`,
    [
      "daybreak.yaml:9:7 zone: “Europe/Berln” must be a time zone, but there is none of this name; did you mean “Europe/Berlin”?",
    ],
  ],
  [
    "an unknown language",
    `${complete}locale: xx-yy-zz-1\n`,
    [
      "daybreak.yaml:9:9 locale: “xx-yy-zz-1” must be a language tag, but no language is known by this tag; write one such as en, de or pt-BR.",
    ],
  ],
  [
    "seven facts",
    report(`${plain}\nfacts: [${Array.from({ length: 7 }, (_, at) => `{ name: f${at}, csv: count() }`).join(", ")}]`),
    ["daybreak.yaml:6:12 reports.daily.facts: a list has more than six facts; keep the six that matter most."],
  ],
  [
    "an empty filter",
    report(`${plain}\nfilter: { Region: { values: [] } }`),
    [
      "daybreak.yaml:6:33 reports.daily.filter.Region.values: a list names nothing; name at least one, or delete the line.",
    ],
  ],
  [
    "a filter's number, which would lose its zeros",
    report(`${plain}\nfilter: { Shop: { value: 007 } }`),
    [
      "daybreak.yaml:6:30 reports.daily.filter.Shop.value: 7 must be a value in quotes; write it in quotes, on one line.",
    ],
  ],
  [
    "an address with a slip",
    report(`${plain}\nowner: anna@@example.com`),
    [
      "daybreak.yaml:6:12 reports.daily.owner: “anna@@example.com” must be an email address, but there is more than one @; write one such as anna@example.com.",
    ],
  ],
  [
    "a line break in a sender",
    complete.replace('"BI Team <bi@example.com>"', '"BI\\nBcc: x@y.z <bi@example.com>"'),
    [
      'daybreak.yaml:2:47 mail.from: “BI\\nBcc: x@y.z <bi@example.com>” must be an email address with or without a name, but it holds a line break; write one such as "BI Team <bi@example.com>".',
    ],
  ],
  [
    "a report's name with a blank",
    `server: https://a.example.com\nreports: { "daily sales": { view: S/a, at: daily 07:00 } }\n`,
    [
      "daybreak.yaml:2:12 reports.daily sales: is no name for a report; use letters, digits and hyphens, a letter or digit first, at most 60.",
    ],
  ],
];

test.each(wrong)("%s is named with its place, what was found, and what to write", async (_, yaml, expected) => {
  expect(await mistakes(yaml)).toEqual(expected);
});

test("all of them at once, in the order of the file", async () => {
  const yaml = `server: { ulr: https://x }
zone: Europe/Berln
reports:
  a:
    view: S/a
    at: someday
    to: nobody.csv
    empty: sned
`;
  const lines = await mistakes(yaml);
  expect(lines.map((line) => line.split(" ").slice(0, 2).join(" "))).toEqual([
    "daybreak.yaml:1:11 server.ulr:",
    "daybreak.yaml:2:7 zone:",
    "daybreak.yaml:6:9 reports.a.at:",
    "daybreak.yaml:7:9 reports.a.to:",
    "daybreak.yaml:8:12 reports.a.empty:",
  ]);
});
