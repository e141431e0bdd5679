import { bytesInWords } from "#backup/plan/size.ts";
import type { Producer } from "#model/backup.ts";

/** How much room there is where an archive is made, and how much the last one took. */
export interface RoomFacts {
  readonly kind: Producer["kind"];
  readonly dir: string;
  readonly freeBytes: number;
  /** `null`: there is none yet. */
  readonly lastBytes: number | null;
}

/** `short`: it isn't begun. `low`: it is made, and somebody should know. */
export type RoomVerdict =
  | { readonly verdict: "enough" }
  | { readonly verdict: "low" | "short"; readonly reason: string };

/** tsm puts an archive together in a folder of its own before it moves it: it needs the room twice. */
const needed = (kind: Producer["kind"]): number => (kind === "tableau" ? 2 : 1.2);

/** Half an archive more than is needed: about what a server grows by until somebody has read the alert. */
const spare = (kind: Producer["kind"]): number => (kind === "tableau" ? 2.5 : 1.5);

/** Whether an archive like the last one has room: before the first nobody can say. */
export const judgeRoom = ({ kind, dir, freeBytes, lastBytes }: RoomFacts): RoomVerdict => {
  if (lastBytes === null || freeBytes >= lastBytes * spare(kind)) return { verdict: "enough" };
  const wanted = bytesInWords(lastBytes * needed(kind));
  const words = `${bytesInWords(freeBytes)} are free in ${dir}, and an archive like the last one needs ${wanted}`;
  return { verdict: freeBytes < lastBytes * needed(kind) ? "short" : "low", reason: words };
};
