import { Fault, isFault, wordsOf } from "#model/fault.ts";
import type { ProbeSpec } from "#model/report.ts";
import type { Probe, ProbeAnswer } from "#readiness/port.ts";

const mostRedirects = 5;
const mostBytes = 1_000_000;

/**
 * Asks an address, in which `{date}` is the slot's date. It is ready when it answers with a status of 2xx and, where `expect` is given, its body
 * holds that text; `/status=done` instead asks for the value at a JSON pointer. Redirects are followed on the same host only.
 */
export const httpProbe = (spec: Extract<ProbeSpec, { readonly kind: "http" }>, ask: typeof fetch): Probe => ({
  name: hostOf(spec.url),
  ask: async ({ date }, signal) => {
    const url = new URL(spec.url.replaceAll("{date}", encodeURIComponent(date)));
    try {
      const response = await follow(url, { ask, signal });
      const body = await readBody(response);
      if (!response.ok) return not(`it answered with status ${response.status}`);
      return spec.expect === null ? yes("it answered") : judge(body, spec.expect.replaceAll("{date}", date));
    } catch (error) {
      throw isFault(error) ? error : unasked(wordsOfFetch(error), error);
    }
  },
});

const hostOf = (url: string): string => {
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`;
};

const yes = (words: string): ProbeAnswer => ({ ready: true, words, dataAsOf: null });
const not = (words: string): ProbeAnswer => ({ ready: false, words, dataAsOf: null });

const unasked = (words: string, cause?: unknown): Fault =>
  new Fault("readiness.probe", words, {
    hint: "open the address by hand; the slot waits and it is asked again",
    retry: "later",
    cause,
  });

/** `fetch failed` says nothing; why stands in the cause. */
const wordsOfFetch = (error: unknown): string =>
  error instanceof Error && error.cause instanceof Error ? wordsOf(error.cause) : wordsOf(error);

interface Asking {
  readonly ask: typeof fetch;
  readonly signal: AbortSignal;
}

const follow = async (start: URL, { ask, signal }: Asking): Promise<Response> => {
  let url = start;
  for (let hops = 0; hops <= mostRedirects; hops += 1) {
    const response = await ask(url, {
      redirect: "manual",
      signal,
      headers: { accept: "application/json, text/*;q=0.9, */*;q=0.1" },
    });
    const place = response.headers.get("location");
    if (response.status < 300 || response.status > 399 || place === null) return response;
    await response.body?.cancel();
    url = new URL(place, url);
    if (url.host !== start.host) throw unasked(`it sends on to another host, ${url.host}`);
  }
  throw unasked(`it sends on more than ${mostRedirects} times`);
};

const readBody = async (response: Response): Promise<string> => {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const piece of response.body ?? []) {
    bytes += piece.byteLength;
    if (bytes > mostBytes) throw unasked(`its answer is longer than ${mostBytes} bytes`);
    text += decoder.decode(piece, { stream: true });
  }
  return text + decoder.decode();
};

const judge = (body: string, expected: string): ProbeAnswer => {
  const pointer = /^(?<path>\/[^=]*)=(?<value>.*)$/s.exec(expected)?.groups;
  if (pointer === undefined) {
    return body.includes(expected)
      ? yes(`its answer holds “${expected}”`)
      : not(`its answer doesn't hold “${expected}”`);
  }
  const { path = "", value = "" } = pointer;
  const found = valueAt(body, path);
  return found === value
    ? yes(`${path} is “${value}”`)
    : not(`${path} is ${found === null ? "missing" : `“${found}”`}, wanted is “${value}”`);
};

/** The value at a JSON pointer (RFC 6901) as text; `null` where there is none or the answer isn't JSON. */
const valueAt = (body: string, pointer: string): string | null => {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return null;
  }
  for (const part of pointer.slice(1).split("/")) {
    const name = part.replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return null;
    value = Reflect.get(value, name);
  }
  return typeof value === "string" ? value : JSON.stringify(value);
};
