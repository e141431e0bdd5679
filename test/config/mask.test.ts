import fc from "fast-check";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { explainConfig } from "#config/explain.ts";
import { loadConfig } from "#config/load.ts";
import { maskAddress, maskSecrets } from "#config/mask.ts";
import { Fault } from "#model/fault.ts";
import { folder } from "./support.ts";

/** Long enough to be found again, with every sign that an address or YAML is cut at. */
const secret = fc
  .string({ unit: fc.constantFrom(..."aZ9@/:?#%&= '\"\\{}$,;!ß日"), minLength: 6, maxLength: 14 })
  .map((text) => `q${text}Q`);

const report = { view: "S/a", at: "daily 07:00" };

/** Files with a secret where people might write one. */
const wrongFiles: readonly ((word: string) => unknown)[] = [
  (word) => ({ server: `https://me:${word}@bi.example.com` }),
  (word) => ({ server: { url: "https://bi.example.com", signIn: { via: word } } }),
  (word) => ({ server: { url: "https://bi.example.com", signIn: { password: word } } }),
  (word) => ({ server: { url: "https://bi.example.com", signIn: word } }),
  (word) => ({ server: { url: "https://bi.example.com", pasword: word, token: word } }),
  (word) => ({ server: "https://bi.example.com", mail: { via: `smtp://me@example.com:${word}@mail.example.com` } }),
  (word) => ({ server: "https://bi.example.com", mail: `smtp://me:${word}@mail.example.com` }),
  (word) => ({ server: "https://bi.example.com", mail: { via: `sntp:/me:${word}@mail.example.com`, pass: word } }),
  (word) => ({ server: "https://bi.example.com", database: `postgres://me:${word}@db/x` }),
  (word) => ({ server: "https://bi.example.com", database: `mysql://me:${word}@db/x`, zone: "nowhere" }),
  (word) => ({ server: "https://bi.example.com", sources: { a: { url: `postgres://me:${word}@db/x`, secret: word } } }),
  (word) => ({
    server: "https://bi.example.com",
    reports: { a: { ...report, readiness: { probes: [{ http: `https://me:${word}@etl.example.com` }] } } },
  }),
];

const told = async (load: Promise<unknown>): Promise<string> => {
  try {
    await load;
  } catch (error) {
    if (error instanceof Fault) return [error.message, error.hint, JSON.stringify(error.cause ?? "")].join("\n");
    throw error;
  }
  return "";
};

const forms = (word: string): readonly string[] => [word, JSON.stringify(word).slice(1, -1), encodeURIComponent(word)];

test("a secret that was written into the file is refused, and never repeated", async () => {
  await fc.assert(
    fc.asyncProperty(secret, fc.constantFrom(...wrongFiles), async (word, file) => {
      using place = folder({ "daybreak.yaml": stringify(file(word), { lineWidth: 0 }) });
      const words = await told(loadConfig(place.options()));
      expect(words).not.toBe("");
      for (const form of forms(word)) expect(words).not.toContain(form);
    }),
    { numRuns: 300 },
  );
});

const goodFile = `server: https://bi.example.com
mail: { via: "smtp://me:\${MAIL_SECRET}@mail.example.com", from: bi@example.com }
database: \${DB}
sources: { wh: { url: "postgres://me:\${WH_SECRET}@db/x" } }
reports: { a: { view: S/a, at: daily 07:00 } }
`;

test("a secret from outside the file is never shown by explain, nor in a mistake beside it", async () => {
  await fc.assert(
    fc.asyncProperty(secret, async (word) => {
      using place = folder({ "daybreak.yaml": goodFile });
      const env = {
        DAYBREAK_USER: "me",
        DAYBREAK_PASSWORD: word,
        MAIL_SECRET: word,
        WH_SECRET: word,
        DB: `postgres://me:${encodeURIComponent(word)}@db/x`,
      };
      const settings = JSON.stringify(await explainConfig(place.options(env)));
      const { DB: _, ...less } = env;
      const wrong = await told(loadConfig({ ...place.options({ ...less, DB: `mysql://me:${word}@db` }) }));
      expect(settings).toContain("•••");
      expect(wrong).toContain("must be the address of a Postgres database");
      for (const form of forms(word)) {
        expect(settings).not.toContain(form);
        expect(wrong).not.toContain(form);
      }
    }),
    { numRuns: 100 },
  );
});

test.each([
  ["smtp://me:pa ss@w0rd@host/x", "smtp://•••@host/x"],
  ["https://host/x?token=abc&page=2", "https://host/x?token=•••&page=2"],
  ["https://host/x?page=2", "https://host/x?page=2"],
  ["BI Team <bi@example.com>", "BI Team <bi@example.com>"],
])("an address loses who signs in by it: %s", (text, masked) => {
  expect(maskAddress(text)).toBe(masked);
});

test("of two secrets, one inside the other, nothing is left", () => {
  expect(maskSecrets("x abcdef y abcd z", ["abcd", "abcdef"])).toBe("x ••• y ••• z");
});
