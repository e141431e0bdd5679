import { expect, test } from "vitest";
import { complete, mistakes, plain, report, type Wrong } from "../support.ts";

const wrong: readonly Wrong[] = [
  [
    "no server",
    "zone: UTC\n",
    ["daybreak.yaml:1:1 server: is missing; write the address of your report server, such as https://bi.example.com."],
  ],
  [
    "an unknown server",
    report(`${plain}\nserver: mian`),
    ["daybreak.yaml:6:13 reports.daily.server: “mian” names no server of this file; did you mean “main”?"],
  ],
  [
    "no server named where there are several",
    `servers: { a: { url: https://a.example.com }, b: { url: https://b.example.com } }\nreports: { d: { view: S/a, at: daily 07:00 } }\n`,
    ["daybreak.yaml:2:12 reports.d.server: is missing; write one of a, b."],
  ],
  [
    "an unknown country",
    `${complete}calendars: { here: { country: DEU } }\n`,
    ['daybreak.yaml:9:14 calendars.here: The calendar\'s country "DEU" is unknown; Did you mean DE (Germany)?'],
  ],
  [
    "a sender that is missing",
    complete.replace(', from: "BI Team <bi@example.com>"', ""),
    ['daybreak.yaml:2:1 mail.from: is missing; write who the emails are from, such as "BI Team <bi@example.com>".'],
  ],
  [
    "a way to send that there isn't",
    complete.replace("smtp://mail.example.com", "sendmail"),
    [
      "daybreak.yaml:2:14 mail.via: “sendmail” must say how emails leave; write smtp://host, smtps://host, sendgrid, outbox or folder:PATH.",
    ],
  ],
  [
    "server and servers.main",
    `server: https://a.example.com\nservers: { main: { url: https://b.example.com } }\n`,
    [
      "daybreak.yaml:1:1 server: is short for servers.main, which is there too; keep one of them.",
      "daybreak.yaml:2:12 servers.main: has the same variables as “main”; choose another name.",
    ],
  ],
  [
    "a host with a path",
    "server: { url: https://a.example.com, hosts: [https://cdn.example.com/x] }\n",
    [
      "daybreak.yaml:1:47 server.hosts[0]: “https://cdn.example.com/x” must be a host's name, with a port or without; leave out https:// and any path.",
    ],
  ],
  [
    "a server that is no web address",
    "server: bi.example.com\n",
    [
      "daybreak.yaml:1:9 server: “bi.example.com” must be a web address; write it whole, such as https://bi.example.com.",
    ],
  ],
  [
    "a variable that isn't set",
    `${complete}database: \${PG_URL}\n`,
    [
      `daybreak.yaml:9:11 database: “\${PG_URL}” names \${PG_URL}, which isn't set; set PG_URL or PG_URL_FILE in the environment or in .env beside this file.`,
    ],
  ],
];

test.each(wrong)("%s is named with its place, what was found, and what to write", async (_, yaml, expected) => {
  expect(await mistakes(yaml)).toEqual(expected);
});

test("a sign-in that lacks its secret, by the name of the variable", async () => {
  expect(await mistakes("server: https://a.example.com\n", { DAYBREAK_USER: "me" })).toEqual([
    "daybreak.yaml:1:1 server.signIn: signs in with a form, but not everything is there; set DAYBREAK_PASSWORD in the environment or in .env.",
  ]);
  expect(
    await mistakes(
      "servers:\n  a: { url: https://a.example.com, signIn: { via: token } }\n  b: { url: https://b.example.com }\n",
    ),
  ).toEqual([
    "daybreak.yaml:2:36 servers.a.signIn: signs in by token, but there is none; set DAYBREAK_A_TOKEN in the environment or in .env.",
  ]);
});

test("a secret's file that can't be read", async () => {
  expect(await mistakes(complete, { DAYBREAK_TOKEN_FILE: "/nowhere/token" })).toEqual([
    "daybreak.yaml:1:1 DAYBREAK_TOKEN_FILE names /nowhere/token, which can't be read (ENOENT); correct the path, or unset the variable.",
  ]);
});
