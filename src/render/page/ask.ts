import type { CDPSession } from "puppeteer";
import { Fault } from "#model/fault.ts";
import type { Tab } from "#render/page/tab.ts";

/** What a question to a page may carry along and bring back. */
export type Plain = null | boolean | number | string | readonly Plain[] | { readonly [key: string]: Plain | undefined };

/**
 * Asks the page by a function that runs in it, in a world of its own: the page's scripts can't have changed what `fetch` or
 * `querySelector` mean there. The answer is unknown data all the same, and the caller looks at it before it believes it.
 */
export const ask = async <A extends Plain>(
  tab: Tab,
  script: (argument: A) => unknown,
  argument: A,
): Promise<unknown> => {
  const question = { functionDeclaration: script.toString(), arguments: [{ value: argument }] };
  const known = worlds.get(tab.cdp);
  try {
    return await call(tab.cdp, { ...question, executionContextId: known ?? (await isolatedWorld(tab.cdp)) });
  } catch (error) {
    if (known === undefined || !isWorldGone(error)) throw error;
    return call(tab.cdp, { ...question, executionContextId: await isolatedWorld(tab.cdp) });
  }
};

/** The worth of an expression in the page's own world, as true or false; an expression that throws is false. */
export const isTrueInPage = async (tab: Tab, expression: string): Promise<boolean> => {
  const { result, exceptionDetails } = await tab.cdp.send("Runtime.evaluate", {
    expression: `Boolean(${expression})`,
    returnByValue: true,
    awaitPromise: true,
  });
  return exceptionDetails === undefined && result.value === true;
};

/** The world of each session's newest document. It ends with its document, and asking in one that ended fails before anything runs. */
const worlds = new WeakMap<CDPSession, number>();

const isWorldGone = (error: unknown): boolean =>
  error instanceof Error && /cannot find context|uniqueContextId not found/i.test(error.message);

const isolatedWorld = async (cdp: CDPSession): Promise<number> => {
  const { frameTree } = await cdp.send("Page.getFrameTree");
  const { executionContextId } = await cdp.send("Page.createIsolatedWorld", {
    frameId: frameTree.frame.id,
    worldName: "daybreak",
  });
  worlds.set(cdp, executionContextId);
  return executionContextId;
};

type Call = Parameters<typeof CDPSession.prototype.send<"Runtime.callFunctionOn">>[1];

const call = async (cdp: CDPSession, params: NonNullable<Call>): Promise<unknown> => {
  const how = { returnByValue: true, awaitPromise: true };
  const { result, exceptionDetails } = await cdp.send("Runtime.callFunctionOn", { ...params, ...how });
  if (exceptionDetails === undefined) return result.value;
  throw new Fault(
    "render.not-settled",
    `The page could not be read: ${exceptionDetails.exception?.description ?? exceptionDetails.text}`,
    {
      hint: "Check the selectors of the view and of its report server.",
      retry: "later",
    },
  );
};

/** A field of an answer as text, cut to `most` characters; empty for anything else. */
export const textIn = (answer: unknown, name: string, most = 2_000): string => {
  const value = fieldIn(answer, name);
  return typeof value === "string" ? value.slice(0, most) : "";
};

/** A field of an answer as a finite number; 0 for anything else. */
export const numberIn = (answer: unknown, name: string): number => {
  const value = fieldIn(answer, name);
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
};

/** True only when a field of an answer is `true`. */
export const isTrueIn = (answer: unknown, name: string): boolean => fieldIn(answer, name) === true;

/** A field of an answer as a list, `[]` for anything else. */
export const listIn = (answer: unknown, name: string): readonly unknown[] => {
  const value = fieldIn(answer, name);
  return Array.isArray(value) ? value : [];
};

const fieldIn = (answer: unknown, name: string): unknown =>
  typeof answer === "object" && answer !== null && Object.hasOwn(answer, name)
    ? (answer as Readonly<Record<string, unknown>>)[name]
    : undefined;
