import type { ArchiveBucket } from "#bucket/port.ts";

/**
 * A bucket that is opened at its first use. The client of S3 takes a good part of a second to load, and most commands, and most
 * installations, never need it.
 */
export const openedLate = (name: string, open: () => Promise<ArchiveBucket>): ArchiveBucket => {
  let opened: Promise<ArchiveBucket> | null = null;
  const bucket = (): Promise<ArchiveBucket> => {
    opened ??= open();
    return opened;
  };
  return {
    name,
    put: async (...words) => (await bucket()).put(...words),
    get: async (...words) => (await bucket()).get(...words),
    remove: async (...words) => (await bucket()).remove(...words),
    list: async (...words) => (await bucket()).list(...words),
    head: async (...words) => (await bucket()).head(...words),
    pages: async function* (...words) {
      yield* (await bucket()).pages(...words);
    },
    read: async function* (...words) {
      yield* (await bucket()).read(...words);
    },
    begin: async (...words) => (await bucket()).begin(...words),
    putPart: async (...words) => (await bucket()).putPart(...words),
    parts: async (...words) => (await bucket()).parts(...words),
    complete: async (...words) => (await bucket()).complete(...words),
    abort: async (...words) => (await bucket()).abort(...words),
    uploads: async (...words) => (await bucket()).uploads(...words),
    removeMany: async (...words) => (await bucket()).removeMany(...words),
    traits: async () => (await bucket()).traits(),
    close: async () => void (await (await opened)?.close()),
  };
};
