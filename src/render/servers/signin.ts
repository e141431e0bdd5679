import type { Page } from "puppeteer";
import { Fault } from "#model/fault.ts";
import { fillForm } from "#render/page/form.ts";
import type { FormFields, ServerSettings } from "#render/port.ts";
import { reach, sent, unreachable } from "#render/servers/ask.ts";

/** How long a sign-in may take, and what ends it sooner. */
export interface SignInLimits {
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

/** A sign-in by form, with its secrets. */
export type FormSignIn = Extract<ServerSettings["signIn"], { readonly via: "form" }>;

/** Fills the server's sign-in form in `page`; throws `server.signin` when the form comes again or answers with an error. */
export const signInByForm = async (
  page: Page,
  {
    settings,
    signIn,
    fields,
    isSignInPage,
  }: {
    readonly settings: ServerSettings;
    readonly signIn: FormSignIn;
    readonly fields: FormFields;
    readonly isSignInPage: (url: URL) => boolean;
  },
  { limitMs, signal }: SignInLimits,
): Promise<void> => {
  signal.throwIfAborted();
  await open(page, settings, { path: fields.path, limitMs, signal });
  const asksAgain = async (): Promise<boolean> =>
    isSignInPage(new URL(page.url())) || (await page.$(fields.password)) !== null;
  // Whoever is signed in already is led on to the first page, where there is no form to fill.
  if (!(await asksAgain())) return;
  const filled = { userField: fields.user, passwordField: fields.password, submit: fields.submit };
  await fillForm(page, { ...filled, user: signIn.user, password: signIn.password }, limitMs);
  // Both, since some pages keep the form's address when it has done its work, and some a password field in their settings.
  if (isSignInPage(new URL(page.url())) && (await page.$(fields.password)) !== null) throw refusal(settings, signIn);
};

const open = async (
  page: Page,
  settings: ServerSettings,
  { path, limitMs, signal }: SignInLimits & { readonly path: string },
): Promise<void> => {
  try {
    await page.goto(settings.url + path, { timeout: limitMs, waitUntil: "domcontentloaded", signal });
  } catch (cause) {
    signal.throwIfAborted();
    throw unreachable(settings, cause);
  }
};

/** Signs in by the JSON address that the server's own form uses; the cookie stays in the page's browser. */
export const signInByPost = async (
  page: Page,
  {
    settings,
    signIn,
    path,
    body,
  }: {
    readonly settings: ServerSettings;
    readonly signIn: FormSignIn;
    readonly path: string;
    readonly body: Readonly<Record<string, string>>;
  },
): Promise<void> => {
  await reach(page, settings);
  const headers = { "content-type": "application/json" };
  const { status } = await sent(page, settings, {
    address: settings.url + path,
    method: "POST",
    headers,
    body: JSON.stringify(body),
  });
  if (status === 429 || status >= 500) throw notNow(settings, status);
  if (status >= 400) throw refusal(settings, signIn);
};

const refusal = (settings: ServerSettings, { user }: FormSignIn): Fault =>
  new Fault("server.signin", `Report server “${settings.name}” refused the sign-in of “${user}”.`, {
    hint: `Check ${variable(settings.name, "USER")} and ${variable(settings.name, "PASSWORD")}; the form is described in servers.${settings.name}.signIn.form.`,
  });

const notNow = (settings: ServerSettings, status: number): Fault =>
  new Fault("server.signin", `Report server “${settings.name}” could not sign in now (status ${status}).`, {
    hint: `Open ${settings.url} from this machine.`,
    retry: "later",
  });

/** The environment variable that `config/` reads for a server: `DAYBREAK_MAIN_PASSWORD`. */
const variable = (server: string, what: string): string =>
  `DAYBREAK_${server.toUpperCase().replace(/[^A-Z0-9]+/g, "_")}_${what}`;

/** The fault for a server whose form nobody has described. */
export const formUnknown = (settings: ServerSettings): Fault =>
  new Fault("server.signin", `It isn't known where the sign-in form of “${settings.name}” lies.`, {
    hint: `Describe it in servers.${settings.name}.signIn.form (path, user, password, submit), or set signIn.via to token or none.`,
  });
