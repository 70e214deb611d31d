#!/usr/bin/env node
/**
 * Runs dist/bcat.cjs, the program in one file, which loads dist/s3-sdk.cjs for buckets. Beside each lies what V8 of this
 * Node compiled of it (build/compile.cjs): 32 bytes SHA-256 of the program and the code, then the code. V8 refuses the
 * code of another version of it, but not in every version damaged code or that of another program. It lies there and not
 * in a user's cache because it is code: nobody may write it who may not write the program.
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
  load(filename);
}

/** Runs a file of dist/ as a module, and what it asks for of dist/ in the same way, once. */
function load(filename) {
  const loaded = new Map();
  const program = readFileSync(filename);
  const cachedData = readCompiled(filename, program);
  const script = new Script(wrap(program.latin1Slice()), { filename, cachedData });
  const module = { exports: {} };
  const requireThere = (name) => {
    if (!name.startsWith("../dist/")) return require(name);
    if (!loaded.has(name)) loaded.set(name, load(join(__dirname, name)));
    return loaded.get(name);
  };
  Object.assign(requireThere, require);
  script.runInThisContext()(module.exports, requireThere, module, filename, dirname(filename));
  return module.exports;
}

/** Undefined where there is none that is whole: then everything is compiled now. */
function readCompiled(filename, program) {
  try {
    const bytes = readFileSync(`${filename}.${process.version}-${process.arch}`);
    const [digest, code] = [bytes.subarray(0, 32), bytes.subarray(32)];
    return createHash("sha256").update(program).update(code).digest().equals(digest) ? code : undefined;
  } catch {
    return undefined;
  }
}
