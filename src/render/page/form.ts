import { setTimeout as pause } from "node:timers/promises";
import type { Page } from "puppeteer";
import { Fault } from "#model/fault.ts";
import { within } from "#runtime/timeout.ts";

/** A sign-in form: its fields by selector, and what goes into them. */
export interface FormFill {
  readonly userField: string;
  readonly passwordField: string;
  /** The button that sends the form; on forms of two steps it also leads from the first to the second. */
  readonly submit: string;
  readonly user: string;
  readonly password: string;
}

/** The form has been answered when nothing is loaded for so long. */
const quietMs = 300;

/**
 * Fills a form, sends it and waits for what comes of it: another page, or the same one at rest. Whether the sign-in worked is the
 * caller's to see. Fault `server.signin` when the form isn't there in time.
 */
export const fillForm = async (page: Page, form: FormFill, limitMs: number): Promise<void> =>
  within({ name: "the sign-in form", ms: limitMs }, async (signal) => {
    await fill(page, { selector: form.userField, value: form.user, limitMs });
    if ((await page.$(form.passwordField)) === null) await click(page, form.submit, limitMs);
    await fill(page, { selector: form.passwordField, value: form.password, limitMs });
    const left = leaving(page, form.passwordField, signal);
    await click(page, form.submit, limitMs);
    await left;
  });

const fill = async (page: Page, field: { selector: string; value: string; limitMs: number }): Promise<void> => {
  try {
    await page.locator(field.selector).setTimeout(field.limitMs).fill(field.value);
  } catch (cause) {
    throw absent(page, field.selector, cause);
  }
};

const click = async (page: Page, selector: string, limitMs: number): Promise<void> => {
  try {
    await page.locator(selector).setTimeout(limitMs).click();
  } catch (cause) {
    throw absent(page, selector, cause);
  }
};

/** Resolves when the answer has come: the next page is loaded, the field has gone, or the network is at rest after the click. */
const leaving = async (page: Page, passwordField: string, signal: AbortSignal): Promise<void> => {
  const next = page.waitForNavigation({ waitUntil: "load", timeout: 0, signal }).then(() => true);
  const quiet = page.waitForNetworkIdle({ idleTime: quietMs, concurrency: 0, timeout: 0, signal }).then(() => false);
  const hasLeft = await Promise.race([next, quiet]).catch(() => signal.aborted);
  next.catch(() => {});
  quiet.catch(() => {});
  if (!hasLeft) await settled(page, passwordField, signal);
};

/** A quiet network may also be a page that is still changing to its next one; the document tells. */
const settled = async (page: Page, passwordField: string, signal: AbortSignal): Promise<void> => {
  for (let n = 0; n < 4; n += 1) {
    signal.throwIfAborted();
    const isThere = await page.$(passwordField).catch(() => null);
    if (isThere === null) return;
    await pause(50, undefined, { signal });
  }
};

const absent = (page: Page, selector: string, cause: unknown): Fault => {
  const { host, pathname } = new URL(page.url());
  return new Fault("server.signin", `The sign-in form at ${host}${pathname} has no “${selector}” that can be used.`, {
    hint: "Correct signIn.form of the report server: path, user, password, submit.",
    retry: "later",
    cause,
  });
};
