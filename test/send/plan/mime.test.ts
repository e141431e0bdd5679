import { expect, test } from "vitest";
import { base64Of, decodeWords, fieldOf, headerWords, readMime, textOf } from "#send/plan/mime.ts";

const read = (text: string) => readMime(new TextEncoder().encode(text));

test.each([
  ["=?utf-8?Q?Gr=C3=BC=C3=9Fe?=", "Grüße"],
  ["=?UTF-8?B?R3LDvMOfZQ==?= aus =?iso-8859-1?q?K=F6ln?=", "Grüße aus Köln"],
  ["=?utf-8?Q?Gr=C3?=\r\n =?utf-8?Q?=BC=C3=9Fe?=", "Grüße"],
  ["=?utf-8?Q?two_words?= =?utf-8?Q?_joined?=", "two words joined"],
  ["no words at all =?", "no words at all =?"],
  ["=?nonsense?Q?abc?=", "abc"],
])("the words %s read %s", (written, wanted) => {
  expect(decodeWords(written)).toBe(wanted);
});

test.each([
  ['attachment; filename="a; b.csv"', { filename: "a; b.csv" }],
  ["attachment; filename*=utf-8''%E6%97%A5%E6%9C%AC.csv", { filename: "日本.csv" }],
  ["attachment; filename*0*=utf-8''%E6%97; filename*1*=%A5; filename*2=.csv", { filename: "日.csv" }],
  ['attachment; filename="=?utf-8?Q?K=C3=B6ln.csv?="', { filename: "Köln.csv" }],
  ["attachment", {}],
])("the parameters of %s are found", (written, wanted) => {
  expect(fieldOf(written)).toEqual({ value: "attachment", parameters: wanted });
});

test("parts within parts are found, whatever ends their lines", () => {
  const lines = [
    "Content-Type: multipart/mixed; boundary=a",
    "",
    "--a",
    "Content-Type: multipart/alternative; boundary=ab",
    "",
    "--ab",
    "",
    "plain",
    "--ab",
    "Content-Type: text/html; charset=iso-8859-1",
    "Content-Transfer-Encoding: quoted-printable",
    "",
    "K=F6ln =",
    "is far",
    "--ab--",
    "--a",
    "Content-Transfer-Encoding: base64",
    "",
    "AAH/",
    "--a--",
  ];
  for (const end of ["\r\n", "\n"]) {
    const [alternative, file] = read(lines.join(end)).parts;
    expect(alternative?.parts.map(textOf)).toEqual(["plain", "Köln is far"]);
    expect(file && base64Of(file)).toBe("AAH/");
  }
});

test("a header over several lines is one, and the first of two counts", () => {
  expect(headerWords(read("Subject: one\r\n two\r\nSubject: three\r\n\r\n"), "subject")).toBe("one two");
});

test("what is made to be a burden ends soon", () => {
  const nested = Array.from(
    { length: 2_000 },
    (_, n) => `Content-Type: multipart/mixed; boundary=b${n}\n\n--b${n}\n`,
  ).join("");
  const many = `Content-Type: multipart/mixed; boundary=a\n\n${"--a\n\nx\n".repeat(50_000)}`;
  const quotes = `Content-Type: text/plain; ${'a="'.repeat(100_000)}\n\n`;
  for (const text of [nested, many, quotes]) expect(read(text).parts.length).toBeLessThanOrEqual(500);
}, 5_000);

test("every byte is one character of its number", () => {
  const bytes = Uint8Array.from({ length: 512 }, (_, at) => at % 256);
  const { body } = readMime(Uint8Array.from([10, 10, ...bytes]));
  expect([...body].map((character) => character.charCodeAt(0)).slice(-512)).toEqual([...bytes]);
});
