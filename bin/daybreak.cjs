#!/usr/bin/env node
"use strict";
// The command of the installed package. It must be understood by any Node there ever was, so that an old one says what is wrong
// in place of a syntax error: everything newer lies in the files that it asks for afterwards.
var wanted = 24;
var found = process.versions.node;
var words = [
  ["✗ Daybreak needs Node", wanted, "or newer; this is Node", found, "at", process.execPath].join(" "),
  ["  → install it from https://nodejs.org, or by a version manager: nvm install", wanted].join(" "),
  "",
];

if (parseInt(found, 10) >= wanted) require("./start.cjs");
else {
  process.stderr.write(words.join("\n"));
  process.exitCode = 1;
}
