#!/usr/bin/env node
/**
 * Runs dist/bcat.cjs, the program in one file. Beside it lies what V8 compiled of it at build time (build/compile.cjs):
 * 32 bytes SHA-256, then the code. V8 refuses what another version of it has made, but not in every version what is
 * damaged. It lies there and not in a user's cache because it is code: nobody may write it who may not write the program.
 */
"use strict";
const { createHash } = require("node:crypto");
const { readFileSync } = require("node:fs");
const { wrap } = require("node:module");
const { dirname, join } = require("node:path");
const { Script } = require("node:vm");

const filename = join(__dirname, "../dist/bcat.cjs");

if (process.env.BCAT_DEBUG) {
  // Node maps stacks to the sources only for modules that it loads itself.
  process.setSourceMapsEnabled(true);
  require(filename);
} else {
  const script = new Script(wrap(readFileSync(filename, "latin1")), { filename, cachedData: readCompiled() });
  const module = { exports: {} };
  script.runInThisContext()(module.exports, require, module, filename, dirname(filename));
}

/** Undefined where there is none that is whole: then everything is compiled now. */
function readCompiled() {
  try {
    const bytes = readFileSync(`${filename}.compiled`);
    const [digest, code] = [bytes.subarray(0, 32), bytes.subarray(32)];
    return createHash("sha256").update(code).digest().equals(digest) ? code : undefined;
  } catch {
    return undefined;
  }
}
