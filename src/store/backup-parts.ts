import type { SentPart } from "#model/backup-run.ts";
import { changed, type Db, many, number, text } from "#store/db.ts";

/** Every statement about the parts of an upload; a test prepares each. */
export const statements = {
  put: `insert into backup_parts (run_id, upload_id, n, etag, bytes, sha256) values ($1, $2, $3, $4, $5, $6)
    on conflict (run_id, upload_id, n) do update set etag = excluded.etag, bytes = excluded.bytes, sha256 = excluded.sha256`,
  of: "select * from backup_parts where run_id = $1 and upload_id = $2 order by n",
  forget: "delete from backup_parts where run_id = $1",
};

/** An upload of a run. */
export interface UploadOfRun {
  readonly runId: string;
  readonly uploadId: string;
}

/** Records a part that the bucket has acknowledged. */
export const putPart = async (db: Db, { runId, uploadId }: UploadOfRun, part: SentPart): Promise<void> => {
  await db.query(statements.put, [runId, uploadId, part.n, part.etag, part.bytes, part.sha256]);
};

/** The parts of an upload that were acknowledged, by number. */
export const partsOf = (db: Db, { runId, uploadId }: UploadOfRun): Promise<SentPart[]> =>
  many(db, {
    text: statements.of,
    values: [runId, uploadId],
    map: (row) => ({
      n: number(row, "n"),
      etag: text(row, "etag"),
      bytes: number(row, "bytes"),
      sha256: text(row, "sha256"),
    }),
  });

/** Forgets the parts of a run: its upload was completed or given up. */
export const forgetParts = (db: Db, runId: string): Promise<number> => changed(db, statements.forget, [runId]);
