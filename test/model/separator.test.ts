import { expect, test } from "vitest";
import { separatorOf } from "#model/separator.ts";

test.each([
  ["Region,Orders\nNorth;West,2", ","],
  ["Region;Orders\r\nNorth,West;2", ";"],
  ["Region\tOrders\tNote, old\n", "\t"],
  ['\ufeff"Amount, net";Region\n', ";"],
  ['"first\nline;of;a;name",Region\n', ","],
  ["Region\nNorth;South", ","],
  ["", ","],
] as const)("the separator of %j is %j", (csv, separator) => {
  expect(separatorOf(csv)).toBe(separator);
});
