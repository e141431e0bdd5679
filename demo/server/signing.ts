import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";

const cookieName = "meridian";
const largestForm = 8192;

/** Who is signed in, by the token of their cookie. */
export interface Sessions {
  /** Starts a session and gives the header that hands it to the browser. */
  open(): string;
  /** True while the request carries the cookie of a session that has not ended. */
  holds(request: IncomingMessage): boolean;
  /** Ends the session of one request. */
  end(request: IncomingMessage): void;
  endAll(): void;
}

const tokenOf = (request: IncomingMessage): string => {
  const cookies = (request.headers.cookie ?? "").split(";").map((pair) => pair.trim());
  return cookies.find((pair) => pair.startsWith(`${cookieName}=`))?.slice(cookieName.length + 1) ?? "";
};

/** Sessions that live `lifeMs` from sign-in on. */
export const newSessions = (lifeMs: number): Sessions => {
  const ends = new Map<string, number>();
  return {
    open: () => {
      const token = randomBytes(18).toString("base64url");
      ends.set(token, Date.now() + lifeMs);
      return `${cookieName}=${token}; Path=/; HttpOnly; SameSite=Lax`;
    },
    holds: (request) => (ends.get(tokenOf(request)) ?? 0) > Date.now(),
    end: (request) => void ends.delete(tokenOf(request)),
    endAll: () => ends.clear(),
  };
};

/** The address to go to after sign-in: only ever one of this server. */
export const safeNext = (next: string | null): string => (next !== null && /^\/(?![/\\])/.test(next) ? next : "/");

/** Reads a posted form; null when it is larger than any sign-in could be. */
export const readForm = async (request: IncomingMessage): Promise<URLSearchParams | null> => {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of request) {
    const bytes = Buffer.from(piece);
    size += bytes.length;
    if (size > largestForm) return null;
    pieces.push(bytes);
  }
  return new URLSearchParams(Buffer.concat(pieces).toString("utf8"));
};
