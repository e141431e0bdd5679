import { Fault, wordsOf } from "#model/fault.ts";

/** One request of a channel: an address that takes POSTs. */
export interface Posting {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal: AbortSignal;
  /** What the channel is called in a sentence: `the webhook`. */
  readonly name: string;
}

/** The most of an answer that is read: its first words are told, and an endless one must not fill the memory. */
const mostWords = 200;

/**
 * Hands something over by HTTP. Any answer but 2xx is a fault; a redirect is one, too, since it would carry secrets to another host. Of the
 * address only the host is told, because the rest of it often is the secret.
 */
export const post = async ({ url, headers = {}, body, signal, name }: Posting): Promise<void> => {
  const where = `${name} at ${hostOf(url)}`;
  let answer: Response;
  try {
    answer = await fetch(url, { method: "POST", redirect: "manual", headers, body, signal });
  } catch (error) {
    throw fault(`${where} can't be reached: ${reasonOf(error)}`);
  }
  if (answer.ok) {
    await answer.body?.cancel();
    return;
  }
  throw fault(`${where} answered ${answer.status}: ${await firstWords(answer)}`);
};

const hostOf = (url: string): string => (URL.canParse(url) ? new URL(url).host : "an address that can't be read");

/** `fetch` hides the reason in its cause; its own words may hold the address. */
const reasonOf = (error: unknown): string => {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof Error) return "code" in cause && cause.message === "" ? String(cause.code) : wordsOf(cause);
  return error instanceof TypeError ? "the connection failed" : wordsOf(error);
};

const firstWords = async (answer: Response): Promise<string> => {
  const reader = answer.body?.getReader();
  if (reader === undefined) return "nothing";
  const { value } = await reader.read().catch(() => ({ value: undefined }));
  await reader.cancel().catch(() => undefined);
  const words = new TextDecoder().decode(value?.subarray(0, mostWords * 4)).replaceAll(/[\s\p{Cc}]+/gu, " ");
  return words.trim().slice(0, mostWords) || "nothing";
};

const fault = (what: string): Fault =>
  new Fault("alert.untold", what, {
    hint: "Look at the address under alerts and at the way there; it is told again until it is taken.",
    retry: "later",
  });
