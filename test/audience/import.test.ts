import { stringify } from "csv-stringify/sync";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { importPlan, type KnownRow, type ListRow, readCsvList, readQueryList } from "#audience/import.ts";
import { isFault } from "#model/fault.ts";

const read = (text: string) => readCsvList(Buffer.from(text), "people.csv");

const refusal = (text: string | Uint8Array): string => {
  try {
    readCsvList(typeof text === "string" ? Buffer.from(text) : text, "people.csv");
    return "";
  } catch (error) {
    return isFault(error, "audience.unreadable") ? error.message : "another fault";
  }
};

const person = {
  name: "",
  locale: null,
  zone: null,
  calendar: null,
  kind: "person",
  formats: null,
  filters: null,
} as const;

describe("a list", () => {
  test.each([
    ["commas", "email,name,region\nAnna@Example.com,Anna,North\n"],
    ["semicolons", "email;name;region\nAnna@Example.com;Anna;North\n"],
    ["tabs", "email\tname\tregion\nAnna@Example.com\tAnna\tNorth\n"],
    ["a byte order mark", "\uFEFFemail,name,region\nAnna@Example.com,Anna,North\n"],
    ["Windows' line ends", "email,name,region\r\nAnna@Example.com,Anna,North\r\n"],
    ["blanks around, another case and blank lines", "\n Email , NAME ,region\n\n Anna@Example.com , Anna , North \n\n"],
    ["a quoted header with the other sign inside", '"email","name","region"\n"Anna@Example.com","Anna","North"'],
    ["nameless columns at its end", "email,name,region,,\nAnna@Example.com,Anna,North,,\n"],
  ])("with %s is read alike", (_, text) => {
    const { rows, mistakes } = read(text);
    expect(mistakes).toEqual([]);
    expect(rows.map(({ place: __, ...row }) => row)).toEqual([
      { ...person, key: "anna@example.com", email: "Anna@Example.com", name: "Anna", attributes: { region: "North" } },
    ]);
  });

  test("in UTF-16, as Excel saves “Unicode text”, is read alike", () => {
    const text = "\uFEFFemail\tname\nanna@example.com\tÄnne 日本\n";
    const little = Buffer.from(text, "utf16le");
    const big = Buffer.from(little).swap16();
    for (const bytes of [little, big]) expect(readCsvList(bytes, "people.csv").rows[0]?.name).toBe("Änne 日本");
  });

  test("knows each row by the line on which it begins, also after quoted line breaks", () => {
    const { rows } = read('email,name\na@x.com,"two\r\nlines"\n\nb@x.com,B\nc@x.com,C\n');
    expect(rows.map(({ place }) => place)).toEqual(["people.csv row 2", "people.csv row 5", "people.csv row 6"]);
  });

  test.each(["constructor", "toString", "__proto__"])("may have a column called %s", (name) => {
    const { rows, mistakes } = read(`email,region,${name}\na@x.com,North,\na@x.com,South,x\n`);
    expect(mistakes).toEqual([]);
    expect(Object.entries(rows[0]?.attributes ?? {})).toContainEqual([name, "x"]);
    const [row] = read("email,region\na@x.com,North\n").rows;
    const { place: _, ...known } = rows[0] ?? expect.fail();
    const plan = importPlan([{ ...known, active: true }], { rows: [row ?? expect.fail()], mistakes: [] });
    expect(plan.change[0]?.differences).toContainEqual({ field: name, before: "x", after: "" });
  });

  test("gives its own columns their meaning, and every other one to the person", () => {
    const { rows } = read(
      "key,email,kind,locale,zone,calendar,formats,filters,Region\nk7,sales@x.com,mailbox,de-AT,Europe/Vienna,at,PDF; png,all,North\n",
    );
    expect(rows).toEqual([
      {
        ...{ place: "people.csv row 2", key: "k7", email: "sales@x.com", name: "", kind: "mailbox", locale: "de-AT" },
        ...{ zone: "Europe/Vienna", calendar: "at", formats: ["png", "pdf"], filters: "all" },
        attributes: { Region: "North" },
      },
    ]);
  });

  test("merges rows of one person, and makes lists of differing values in their order", () => {
    const { rows } = read(
      "email,name,region,team\na@x.com,Anna,South,1\nb@x.com,B,West,2\nA@x.com,,North,1\na@x.com,,South,\n",
    );
    expect(rows.map(({ key, name, attributes }) => ({ key, name, attributes }))).toEqual([
      { key: "a@x.com", name: "Anna", attributes: { region: ["South", "North"], team: "1" } },
      { key: "b@x.com", name: "B", attributes: { region: "West", team: "2" } },
    ]);
  });

  test("leaves a wrong address in, to be named when the slot is planned", () => {
    expect(read("email\nnot an address\n").rows[0]?.email).toBe("not an address");
  });

  test("lets a wrong row stop only itself", () => {
    const { rows, mistakes } = read(`email,name,formats,kind,filters
a@x.com,A,,,
b@x.com,B
c@x.com,C,,,,too many
d@x.com,D,pdf jpg,,
e@x.com,E,,robot,
f@x.com,F,,,North
,Nobody,,,
${"x".repeat(300)}@x.com,Long,,,
g@x.com,G,,,
`);
    expect(rows.map(({ key }) => key)).toEqual(["a@x.com", "g@x.com"]);
    expect(mistakes.map(({ place, what }) => `${place}: ${what}`)).toEqual([
      "people.csv row 3: it has 2 cells, the header has 5",
      "people.csv row 4: it has 6 cells, the header has 5",
      "people.csv row 5: “jpg” in formats is none of png, pdf, csv, xlsx",
      "people.csv row 6: “robot” in kind is neither person nor mailbox",
      "people.csv row 7: filters can only be the word all; values stand in columns of their own",
      "people.csv row 8: the row has no email",
      "people.csv row 9: its email is longer than 254 characters",
    ]);
  });

  test("refuses a row that contradicts an earlier one of the same person", () => {
    const { rows, mistakes } = read(
      "key,email,zone,filters\nk1,a@x.com,,\nk1,b@x.com,,\nk1,a@x.com,UTC,\nk1,a@x.com,,all\n",
    );
    expect(rows).toMatchObject([{ key: "k1", email: "a@x.com", zone: "UTC", filters: null }]);
    expect(mistakes.map(({ place, what }) => `${place}: ${what}`)).toEqual([
      "people.csv row 3: it names “k1” like people.csv row 2, but with another email",
      "people.csv row 5: it names “k1” like people.csv row 2, but with another filters",
    ]);
  });

  test.each([
    ["", "people.csv has no column “email”; it has none."],
    ["mail,name\na@x.com,A\n", "people.csv has no column “email”; it has “mail”, “name”."],
    ["email,name,Email\n", "people.csv has the column “email” twice."],
    ["email,region,region\n", "people.csv has the column “region” twice."],
    ["email,,region\n", "Column 2 of people.csv has no name."],
    ['email,name\na@x.com,"A\n', "people.csv can't be read as CSV: a quote is not closed before line 2."],
    [
      Buffer.from("email,name\na@x.com,J\xF6rg\n", "latin1"),
      "people.csv isn't in UTF-8: line 2 holds another encoding's letters.",
    ],
    [Buffer.from("PK\x03\x04\x00\x00\x00"), "people.csv is no CSV file: it holds zero bytes."],
    [Buffer.alloc(50 * 1024 * 1024 + 1, "a"), "people.csv is larger than 50 MB."],
    [`email\n${"a@x.com\n".repeat(200_001)}`, "people.csv has more than 200,000 rows."],
  ])("that can't be read is refused with what was found (%#)", (text, words) => {
    expect(refusal(text)).toBe(words);
  });

  test("of any cells comes back as it was written", () => {
    const cell = fc
      .string({ unit: fc.constantFrom(..."aB,;\t\"'\n\r日{}=-"), maxLength: 8 })
      .map((text) => `x${text}x`);
    const sign = fc.constantFrom(",", ";", "\t");
    fc.assert(
      fc.property(fc.array(cell, { maxLength: 20 }), sign, fc.constantFrom("\n", "\r\n"), (cells, delimiter, end) => {
        const table = cells.map((value, at) => [`p${at}@x.com`, "n", value]);
        const text = stringify([["email", "name", "value"], ...table], {
          delimiter,
          record_delimiter: end,
          quoted: true,
        });
        const { rows, mistakes } = read(text);
        expect(mistakes).toEqual([]);
        expect(rows.map(({ attributes }) => attributes["value"])).toEqual(cells);
      }),
    );
  });
});

describe("a query", () => {
  test("is a list by the same rules; its rows count from 1", () => {
    const rows = [
      { email: "a@x.com", name: null, region: "North" },
      { email: null, name: "Nobody", region: null },
    ];
    expect(readQueryList({ columns: ["email", "name", "region"], rows }, "warehouse")).toEqual({
      rows: [
        {
          ...person,
          place: "the query on warehouse row 1",
          key: "a@x.com",
          email: "a@x.com",
          attributes: { region: "North" },
        },
      ],
      mistakes: [{ place: "the query on warehouse row 2", what: "the row has no email", cells: ["", "Nobody", ""] }],
    });
    expect(() => readQueryList({ columns: ["mail"], rows: [] }, "warehouse")).toThrow(
      "the query on warehouse has no column “email”",
    );
  });
});

describe("an import plan", () => {
  const known = ({ place: _, ...row }: ListRow, active = true): KnownRow => ({ ...row, active });

  test("says who comes, changes, stays and goes", () => {
    const before = read(
      "email,name,zone,region\na@x.com,A,UTC,North\nb@x.com,B,,West\nc@x.com,C,,East\nd@x.com,D,,East\n",
    ).rows;
    const now = read(
      "email,name,zone,region\na@x.com,A,,South\na@x.com,A,,North\nb@x.com,B,,West\nd@x.com,D,,East\ne@x.com,E,,East\n",
    );
    const plan = importPlan(
      before.map((row) => known(row, row.key !== "d@x.com")),
      now,
    );
    expect(plan.add.map(({ key }) => key)).toEqual(["e@x.com"]);
    expect(plan.change.map(({ known: { key }, differences }) => [key, differences])).toEqual([
      ["a@x.com", [{ field: "region", before: "North", after: "South, North" }]],
      ["d@x.com", [{ field: "active", before: "no", after: "yes" }]],
    ]);
    expect(plan.deactivate.map(({ key }) => key)).toEqual(["c@x.com"]);
    expect(plan.same.map(({ row: { key } }) => key)).toEqual(["b@x.com"]);
  });

  test("takes nobody for gone who is named in a row that can't be used", () => {
    const before = read("email,name\na@x.com,A\nb@x.com,B\n").rows.map((row) => known(row));
    const plan = importPlan(before, read("email,name\nA@X.com\n"));
    expect(plan.held.map(({ key }) => key)).toEqual(["a@x.com"]);
    expect(plan.deactivate.map(({ key }) => key)).toEqual(["b@x.com"]);
    expect(plan.mistakes).toHaveLength(1);
  });

  test("finds nothing to do after its own doing", () => {
    const cell = fc.constantFrom("", "North", "South", "日本");
    const row = fc.record({ who: fc.nat(6), region: cell, team: cell });
    fc.assert(
      fc.property(fc.array(row), fc.array(row), (first, second) => {
        const list = (rows: typeof first) =>
          read(
            stringify([
              ["email", "region", "team"],
              ...rows.map(({ who, region, team }) => [`p${who}@x.com`, region, team]),
            ]),
          );
        const before = list(first).rows.map((each) => known(each));
        const plan = importPlan(before, list(second));
        const after = [
          ...plan.add,
          ...plan.change.map(({ row: each }) => each),
          ...plan.same.map(({ row: each }) => each),
        ];
        const again = importPlan(
          after.map((each) => known(each)),
          list(second),
        );
        expect([again.add, again.change, again.deactivate, again.held]).toEqual([[], [], [], []]);
        expect(plan.deactivate.length + plan.change.length + plan.same.length).toBe(before.length);
      }),
    );
  });
});
