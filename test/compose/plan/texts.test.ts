import { describe, expect, test } from "vitest";
import { variablesOf } from "#compose/plan/texts.ts";
import type { Filters } from "#model/filters.ts";
import { deliveryFor, emailFor, factFor, partFor, reportFor } from "../../support/emails.ts";

describe("the variables of a report's texts", () => {
  test("are the recipient, the report, the filters, the date and the facts", () => {
    expect(variablesOf(emailFor())).toEqual({
      name: "Anna Berg",
      firstName: "Anna",
      title: "Daily Sales",
      label: "",
      filters: "Region: North",
      filter: { Region: "North" },
      date: "Thursday, 19 November 2026",
      shortDate: "Thu 19 Nov",
      time: "07:00",
      dataAsOf: "2026-11-19T05:40:00Z",
      facts: { revenue: "12,340" },
      changes: { revenue: "▲ 4.2%" },
    });
  });

  test("name a filter that narrows nothing “All”, in the reader's language", () => {
    const report = reportFor({ filter: { Region: { column: "region" }, Category: { column: "category" } } });
    const filterOf = (locale: string, filters: Filters) =>
      variablesOf(emailFor({ report, delivery: deliveryFor({ locale, filters }) })).filter;
    expect(filterOf("en", "all")).toEqual({ Region: "All", Category: "All" });
    expect(filterOf("de", { Region: ["North", "South"] })).toEqual({ Region: "North, South", Category: "Alle" });
  });

  test("are the first part's facts where parts have facts of one name", () => {
    const parts = [partFor(), partFor({ facts: [factFor({ shown: "1" })] })];
    expect(variablesOf(emailFor({ parts })).facts).toEqual({ revenue: "12,340" });
  });
});
