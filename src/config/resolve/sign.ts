import type { Path } from "#config/document.ts";
import type { Context } from "#config/resolve/context.ts";
import type { WrittenServer } from "#config/schema.ts";
import type { ReadySign } from "#model/report.ts";

/** A written sign that a view is drawn → the model's; `null` without one or with a mistake, which is noted. */
export const readySignOf = (written: WrittenServer["ready"], path: Path, { note }: Context): ReadySign | null => {
  if (written === undefined) return null;
  if (typeof written === "string") return { selector: written };
  const { selector, attribute, js } = written;
  const given = [selector, attribute, js].filter((form) => form !== undefined);
  if (given.length !== 1) {
    note(path, "must have one of selector, attribute and js; keep the one that fits", "key");
    return null;
  }
  if (selector !== undefined) return { selector };
  if (js !== undefined) return { js };
  const { selector: element, name, value } = attribute ?? {};
  if (element !== undefined && name !== undefined && value !== undefined) {
    return { attribute: { selector: element, name, value } };
  }
  note([...path, "attribute"], "must have selector, name and value; write all three", "key");
  return null;
};
