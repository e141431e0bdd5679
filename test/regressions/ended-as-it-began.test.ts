import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { expect, test } from "vitest";
import { openPool } from "#store/pool.ts";

/** A message of Postgres' protocol: its kind, its length, its content. */
const message = (kind: string, content: Buffer): Buffer => {
  const length = Buffer.alloc(4);
  length.writeInt32BE(content.byteLength + 4);
  return Buffer.concat([Buffer.from(kind), length, content]);
};

const signedIn = message("R", Buffer.alloc(4));
const ready = message("Z", Buffer.from("I"));
const ended = message(
  "E",
  Buffer.from("SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0"),
);

test("a connection whose end comes in one piece with its beginning is a fault, and ends no process", async () => {
  const errors: unknown[] = [];
  const note = (error: unknown): void => void errors.push(error);
  process.on("uncaughtException", note);
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.end(Buffer.concat([signedIn, ready, ended])));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const settings = { max: 1, statementTimeoutMs: 5_000, applicationName: "test" };
  const pool = openPool(`postgres://somebody@127.0.0.1:${port}/daybreak`, settings);
  try {
    await expect(pool.query("select 1")).rejects.toMatchObject({ code: "store.unreachable" });
    expect(errors).toEqual([]);
  } finally {
    process.off("uncaughtException", note);
    await pool[Symbol.asyncDispose]();
    server.close();
  }
});
