import type { ProduceAsk } from "#backup/port.ts";
import type { Patience } from "#backup/produce/command.ts";
import type { Notes } from "#backup/produce/left-over.ts";
import type { Producer } from "#model/backup.ts";

/** What producers are handed for all archives. */
export interface ProducerParts {
  /** What commands get of this process's environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Address of Daybreak's own database, password included. */
  readonly ownDatabase: () => string;
  /** Daybreak's own database as SQL, piece by piece, of one moment. */
  readonly ownRows: (signal: AbortSignal) => AsyncIterable<string>;
  readonly patience?: Patience | undefined;
}

/** One archive being made by a producer of this kind; its signal also ends when its time is over. */
export interface Making<K extends Producer["kind"]> extends Omit<ProduceAsk, "producer" | "timeoutMs">, ProducerParts {
  /** Where what is under way is written down. */
  readonly notes: Notes;
  readonly producer: Extract<Producer, { readonly kind: K }>;
}
