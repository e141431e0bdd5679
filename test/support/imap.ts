/**
 * A real IMAP server for tests: Dovecot's own `imap` program from Debian's packages, unpacked into a folder of its own, so that nothing is
 * installed and no root is needed. It runs over a connection of ours, which does the signing in, since Dovecot's own sign-in wants a whole system.
 */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface ImapServer extends AsyncDisposable {
  readonly url: string;
  readonly user: string;
  readonly password: string;
  /** Puts an email into the folder, as a mail server would. */
  deliver(folder: string, text: string): Promise<void>;
  /** Texts of the emails that lie in a folder; `isSeen`: somebody marked them as read. */
  emails(folder: string): Promise<readonly { readonly name: string; readonly isSeen: boolean }[]>;
}

/** Emails are never kept by root; who is root gives them to nobody. */
const isRoot = process.getuid?.() === 0;
const owner = isRoot
  ? { uid: 65_534, gid: 65_534, user: "nobody", group: "nogroup" }
  : { user: userInfo().username, group: String(process.getgid?.()) };

const cache = join(tmpdir(), `daybreak-test-dovecot-${process.getuid?.() ?? 0}`);

/** Where Dovecot lies, or why it can't be had. */
export const findDovecot = async (): Promise<{ readonly root: string } | { readonly reason: string }> => {
  const root = join(cache, "root");
  if (existsSync(join(root, "usr/lib/dovecot/imap"))) return { root };
  try {
    await mkdir(cache, { recursive: true });
    await chmod(cache, 0o755);
    const draft = await mkdtemp(join(cache, "draft-"));
    await chmod(draft, 0o755);
    await run("apt-get", ["download", "dovecot-core", "dovecot-imapd"], { cwd: draft, timeout: 60_000 });
    for (const file of await readdir(draft))
      if (file.endsWith(".deb")) await run("dpkg", ["-x", file, "root"], { cwd: draft });
    await rename(join(draft, "root"), root).catch(() => {});
    await rm(draft, { recursive: true, force: true });
    return { root };
  } catch (error) {
    const words = error instanceof Error ? error.message.split("\n").slice(0, 2).join(" ") : String(error);
    return { reason: `Debian's dovecot-imapd could not be had: ${words}` };
  }
};

/** Starts a server with one mailbox on 127.0.0.1 at a free port. */
export const startImap = async (root: string): Promise<ImapServer> => {
  const dir = await mkdtemp(join(tmpdir(), "daybreak-imap-"));
  const mail = join(dir, "mail");
  for (const folder of ["", "cur", "new", "tmp"]) await mkdir(join(mail, folder), { recursive: true });
  await open(dir);
  const lib = join(root, "usr/lib/dovecot");
  await writeFile(join(dir, "imap.conf"), configuration(dir, lib));
  const password = "a secret";
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).on("close", () => sockets.delete(socket));
    signIn(socket, password, () => serve(socket, { dir, lib, root }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const folderOf = (folder: string): string => (folder === "INBOX" ? mail : join(mail, `.${folder}`));
  let count = 0;
  return {
    url: `imap://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`,
    user: "anna",
    password,
    deliver: async (folder, text) => {
      count += 1;
      const name = `1795246000.M${String(count).padStart(6, "0")}P1.test`;
      await writeFile(join(folderOf(folder), "tmp", name), text, { mode: 0o666 });
      await chmod(join(folderOf(folder), "tmp", name), 0o666);
      await rename(join(folderOf(folder), "tmp", name), join(folderOf(folder), "new", name));
    },
    emails: async (folder) => {
      const listed = await Promise.all(
        ["new", "cur"].map((place) => readdir(join(folderOf(folder), place)).catch(() => [])),
      );
      return listed.flat().map((name) => ({ name, isSeen: /,[A-Z]*S/.test(name) }));
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
      await rm(dir, { recursive: true, force: true });
    },
  };
};

/** The program may run as somebody else, who must get at its mailbox. */
const open = async (dir: string): Promise<void> => {
  await run("chmod", ["-R", "777", dir]);
};

const configuration = (dir: string, lib: string): string => `
base_dir = ${dir}
mail_location = maildir:${dir}/mail
mail_uid = ${owner.user}
mail_gid = ${owner.group}
default_internal_user = ${owner.user}
default_internal_group = ${owner.group}
default_login_user = ${owner.user}
first_valid_uid = 0
first_valid_gid = 0
mail_plugin_dir = ${lib}/modules
stats_writer_socket_path =
protocols = imap
ssl = no
`;

interface Serving {
  readonly dir: string;
  readonly lib: string;
  readonly root: string;
}

const serve = (socket: Socket, { dir, lib, root }: Serving): void => {
  const words = ["-c", join(dir, "imap.conf"), "-f", "service=imap", "-p", "-m", "imap", "-e", join(lib, "imap")];
  const child = spawn(join(root, "usr/bin/doveconf"), words, {
    cwd: dir,
    env: { USER: "anna", HOME: dir, LD_LIBRARY_PATH: `${lib}:${join(lib, "modules")}` },
    stdio: ["pipe", "pipe", "ignore"],
    ...(isRoot ? { uid: owner.uid ?? 0, gid: owner.gid ?? 0 } : {}),
  });
  let greeted = false;
  child.stdin.on("error", () => {});
  child.stdout.on("data", (chunk: Buffer) => {
    if (greeted) return void socket.write(chunk);
    // Its own greeting says that nobody need sign in; the one who waits has just done so.
    greeted = true;
    const end = chunk.indexOf("\r\n");
    socket.write(chunk.subarray(end + 2));
  });
  child.on("close", () => socket.end());
  socket.on("close", () => child.kill());
  socket.pipe(child.stdin);
};

/** The conversation before Dovecot: a greeting, what may be done, and LOGIN with the right password. */
const signIn = (socket: Socket, password: string, then: () => void): void => {
  let text = "";
  const hear = (chunk: Buffer): void => {
    text += chunk.toString("latin1");
    for (let end = text.indexOf("\r\n"); end !== -1; end = text.indexOf("\r\n")) {
      const line = text.slice(0, end);
      text = text.slice(end + 2);
      const { reply, isIn } = answerTo(line, password);
      if (isIn) {
        socket.removeListener("data", hear).pause();
        then();
      }
      socket.write(reply);
      if (isIn) return;
    }
  };
  socket.on("data", hear);
  socket.write(`* OK [${able}] test ready\r\n`);
};

const able = "CAPABILITY IMAP4rev1";

const answerTo = (line: string, password: string): { readonly reply: string; readonly isIn: boolean } => {
  const [tag = "*", verb = "", ...rest] = line.split(" ");
  switch (verb.toUpperCase()) {
    case "LOGIN": {
      const isIn = rest.join(" ").replaceAll('"', "") === `anna ${password}`;
      return {
        reply: isIn ? `${tag} OK Logged in\r\n` : `${tag} NO [AUTHENTICATIONFAILED] Authentication failed.\r\n`,
        isIn,
      };
    }
    case "CAPABILITY":
      return { reply: `* ${able}\r\n${tag} OK done\r\n`, isIn: false };
    default:
      return { reply: `${tag} OK\r\n`, isIn: false };
  }
};
