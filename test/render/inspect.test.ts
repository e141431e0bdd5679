import { expect, test } from "vitest";
import { inspect, type PageFacts } from "#render/inspect.ts";

const good: PageFacts = {
  url: "https://bi.example.com/views/sales",
  title: "Sales",
  text: "Sales by region North 1,204 South 900",
  status: 200,
  isSignInPage: false,
  passwordFields: 0,
  tiles: [{ name: "Sales by region", state: "done" }],
  picture: { commonestShare: 0.8, colours: 900 },
};

test.each<[string, Partial<PageFacts>, string]>([
  ["a drawn dashboard is ok", {}, "ok"],
  ["the address of the sign-in page says sign-in", { isSignInPage: true }, "signin"],
  ["a password field says sign-in whatever the status", { passwordFields: 1 }, "signin"],
  ["401 says sign-in", { status: 401 }, "signin"],
  ["500 says error page", { status: 500 }, "error-page"],
  ["404 says error page even with a tile", { status: 404 }, "error-page"],
  [
    "a short page that speaks of a bad gateway is an error page",
    { tiles: [], text: "502 Bad Gateway nginx" },
    "error-page",
  ],
  ["a title can say it alone", { tiles: [], title: "Page not found", text: "" }, "error-page"],
  ["one colour is blank", { picture: { commonestShare: 1, colours: 1 } }, "blank"],
  [
    "next to one colour without a word is blank",
    { text: "", picture: { commonestShare: 0.99995, colours: 2 } },
    "blank",
  ],
  [
    "next to one colour with words is not blank",
    { text: "No orders", picture: { commonestShare: 0.99995, colours: 9 } },
    "ok",
  ],
  ["a dashboard whose tiles speak of errors is ok", { text: "Unexpected error rate 0.3 %" }, "ok"],
  ["a long text about errors without tiles is ok", { tiles: [], text: `bad gateway ${"x".repeat(900)}` }, "ok"],
])("%s", (_, more, verdict) => {
  expect(inspect({ ...good, ...more }).is).toBe(verdict);
});

test("broken tiles are named, tiles that are done are not", () => {
  const tiles = [
    { name: "Orders", state: "error" },
    { name: "Units", state: "done" },
    { name: "Stock", state: "error" },
  ] as const;
  expect(inspect({ ...good, tiles })).toEqual({
    is: "broken-tiles",
    names: ["Orders", "Stock"],
    why: "“Orders”, “Stock” could not be drawn",
  });
});
