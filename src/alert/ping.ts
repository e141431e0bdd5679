import type { AlertChannel } from "#alert/port.ts";
import { post } from "#alert/post.ts";

/** What a ping says: all is well, or it isn't and why. */
export interface Ping {
  readonly isWell: boolean;
  readonly words: string;
}

/** Most of the words that such services keep. */
const longestWords = 10_000;

/** Pings a service that alarms when nothing comes (Healthchecks and its like): the address itself, or `/fail` below it. Throws `alert.untold`. */
export const sendPing = (url: string, { isWell, words }: Ping, signal: AbortSignal): Promise<void> =>
  post({
    url: isWell ? url : failAddress(url),
    headers: { "Content-Type": "text/plain; charset=utf-8" },
    body: words.slice(0, longestWords),
    signal,
    name: "the ping",
  });

const failAddress = (url: string): string => {
  const address = new URL(url);
  address.pathname = `${address.pathname.replace(/\/+$/, "")}/fail`;
  return address.href;
};

/** Tells what is critical as a failed ping. That it is over is told by the next morning's good one. */
export const pingChannel = (url: string): AlertChannel => ({
  name: "ping",
  tell: async ({ severity, subject, lines }, signal) => {
    if (severity !== "critical") return;
    await sendPing(url, { isWell: false, words: [subject, ...lines].join("\n") }, signal);
  },
});
