"use strict";
// `import()` alone would be a syntax error to a Node that bin/daybreak.cjs is there to tell.
const { existsSync } = require("node:fs");
const { join } = require("node:path");
const { pathToFileURL } = require("node:url");

const main = join(__dirname, "..", "dist", "main.js");

if (existsSync(main)) void import(pathToFileURL(main).href);
else {
  process.stderr.write("✗ This is a clone: the emitted program isn't there.\n  → use bin/daybreak in its place\n");
  process.exitCode = 1;
}
