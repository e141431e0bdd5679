/** What `doctor` tries of backups: each bucket, and whether what is encrypted can be read again. */
import { doubtful, type Examination, type Examined, fine } from "#actions/doctor.ts";
import { type PlaceProbe, placeProbes, tryDecryption } from "#app/backup-probes.ts";
import type { Tools } from "#app.ts";
import type { Backup } from "#model/backup.ts";

/** Several requests that are tried again for a few seconds each. */
const BUCKET_MS = 60_000;
const QUICK_MS = 20_000;

/** The examinations of the configured backups. */
export const backupExaminationsOf = ({ config, clock }: Tools): readonly Examination[] => [
  ...placeProbes(config, clock).map(bucket),
  ...config.backups
    .filter(({ encryptTo }) => encryptTo.length > 0)
    .map((one) => encryption(one, config.backupIdentity)),
];

const bucket = ({ place, probe }: PlaceProbe): Examination => ({
  about: `bucket ${place}`,
  mend: "look at the setting `to` of the backup, and at `buckets`",
  limitMs: BUCKET_MS,
  work: async () => worstOf(await probe()),
});

type Finding = Awaited<ReturnType<PlaceProbe["probe"]>>[number];

const grades = ["fault", "warning", "note", "fine"] as const;

/** All that was found in one line, as grave as the gravest of it. */
const worstOf = (findings: readonly Finding[]): Examined => {
  const sorted = grades.flatMap((grade) => findings.filter((one) => one.grade === grade));
  const mends = sorted.flatMap(({ mend }) => (mend === null ? [] : [mend]));
  return {
    grade: sorted[0]?.grade ?? "fine",
    what: sorted.map(({ what }) => what).join("; "),
    mend: mends.length === 0 ? null : mends.join("; "),
  };
};

const identityHint =
  "put the private key of age into DAYBREAK_BACKUP_IDENTITY_FILE where restores are made, and keep it elsewhere, too";

const encryption = (backup: Backup, identity: string | null): Examination => ({
  about: `encryption of ${backup.name}`,
  mend: "look at encryptTo and DAYBREAK_BACKUP_IDENTITY",
  limitMs: QUICK_MS,
  work: async () => {
    switch (await tryDecryption(backup, identity)) {
      case "readable":
      case null:
        return fine("what is encrypted to encryptTo was decrypted with the identity of this machine");
      case "no-identity":
        return doubtful(
          "no identity is here, so neither a restore nor a drill can be made on this machine",
          identityHint,
        );
      case "another-identity":
        return {
          grade: "fault",
          what: "the identity of this machine doesn't open what is encrypted to encryptTo",
          mend: identityHint,
        };
    }
  },
});
