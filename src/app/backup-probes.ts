import { openBucket } from "#app/buckets.ts";
import { canDecrypt } from "#backup/encrypt.ts";
import { placeInWords } from "#backup/plan/keys.ts";
import { type BucketFinding, probePlace } from "#bucket/probe.ts";
import type { Config } from "#config/config.ts";
import type { Backup, BackupPlace } from "#model/backup.ts";
import type { Clock } from "#runtime/clock.ts";

/** A place for archives, and how to try it. */
export interface PlaceProbe {
  readonly place: string;
  readonly probe: () => Promise<readonly BucketFinding[]>;
}

/** A person waits for the answer, so nothing is tried again for long. */
const probeRetryMs = 5_000;

const quickly = (place: BackupPlace): BackupPlace =>
  place.kind === "folder" ? place : { ...place, settings: { ...place.settings, retryForMs: probeRetryMs } };

/** The places of the configured backups, each once. */
export const placeProbes = ({ backups }: Pick<Config, "backups">, clock: Clock): readonly PlaceProbe[] => {
  const places = new Map<string, BackupPlace>();
  for (const { place } of backups) {
    const words = placeInWords(place);
    if (!places.has(words)) places.set(words, place);
  }
  return [...places].map(([words, place]) => ({
    place: words,
    probe: () => probePlace(quickly(place), { open: openBucket, clock }),
  }));
};

/** Whether what a backup encrypts can be read again here: tried, not reckoned. */
export type Readable = "readable" | "another-identity" | "no-identity";

/** Encrypts a few bytes as the backup does and decrypts them with this machine's identity; `null`: it doesn't encrypt. */
export const tryDecryption = async (
  { encryptTo }: Pick<Backup, "encryptTo">,
  identity: string | null,
): Promise<Readable | null> => {
  if (encryptTo.length === 0) return null;
  if (identity === null) return "no-identity";
  return (await canDecrypt(encryptTo, identity)) ? "readable" : "another-identity";
};
