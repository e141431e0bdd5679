import { join } from "node:path";
import type { Produced } from "#backup/port.ts";
import { runCommand } from "#backup/produce/command.ts";
import { failed } from "#backup/produce/failed.ts";
import { finish } from "#backup/produce/finished.ts";
import type { Making } from "#backup/produce/making.ts";
import { newestPgDump, versionOf } from "#backup/produce/programs.ts";
import { isFault } from "#model/fault.ts";

/** An address without its password, and the variables that carry it instead: arguments are shown to everybody on a machine. */
export interface Connection {
  readonly address: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly secrets: readonly string[];
}

const decoded = (part: string): string => {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
};

/** Takes the password out of a Postgres address. */
export const connectionOf = (url: string): Connection => {
  const address = new URL(url);
  const password = decoded(address.password) || (address.searchParams.get("password") ?? "");
  address.password = "";
  address.searchParams.delete("password");
  const secrets = password === "" ? [] : [password, encodeURIComponent(password)];
  return { address: address.href, variables: password === "" ? {} : { PGPASSWORD: password }, secrets };
};

const noPgDump = () =>
  failed("There is no pg_dump on this machine.", {
    hint: "install the client programs of Postgres (postgresql-client), or name one by `pgDump`",
    retry: "never",
  });

interface Tool {
  readonly path: string;
  readonly version: string | null;
}

const toolOf = async ({ producer, environment, scratch }: Making<"postgres">): Promise<Tool> => {
  if (producer.pgDump !== null) {
    const path = producer.pgDump;
    return { path, version: await versionOf(path, { environment, cwd: scratch }) };
  }
  const found = await newestPgDump(environment);
  if (found === null) throw noPgDump();
  return found;
};

/** An older pg_dump than its server gives up at once, and would do so every night. */
const remedied = (error: unknown, { path }: Tool): unknown => {
  if (!isFault(error, "backup.produce") || !/version mismatch/i.test(error.message)) return error;
  const hint = `${path} is older than the server: install newer client programs, or name one by \`pgDump\``;
  return failed(error.message, { hint, retry: "never", cause: error });
};

/** `pg_dump -Fc` through its standard output. */
export const dumpPostgres = async (making: Making<"postgres">): Promise<Produced> => {
  const { producer, scratch, stem, extension, environment, signal, patience, notes } = making;
  const { address, variables, secrets } = connectionOf(producer.url ?? making.ownDatabase());
  const tool = await toolOf(making);
  const path = join(scratch, `${stem}.${extension}`);
  const words = [tool.path, "--format=custom", "--no-password", ...producer.flags, `--dbname=${address}`];
  try {
    const ended = await runCommand({
      line: { words },
      name: "pg_dump",
      cwd: scratch,
      environment: { ...environment, ...variables },
      out: path,
      signal,
      patience,
      onStarted: notes.group,
      secrets,
    });
    await finish({ path, extension, by: "pg_dump", words: ended.words });
    return { path, extension, inScratch: true, beside: [], words: ended.words, version: tool.version };
  } catch (error) {
    throw remedied(error, tool);
  }
};
