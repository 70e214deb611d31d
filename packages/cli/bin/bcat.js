#!/usr/bin/env node
/**
 * Runs dist/bcat.cjs, the begin of the program, which loads its other parts (dist/bcat-*.cjs) and dist/s3-sdk.cjs as they
 * are needed, with what V8 compiled of them (compiled.js).
 */
"use strict";
const { readFileSync } = require("node:fs");
const { wrap } = require("node:module");
const { dirname, join } = require("node:path");
const { Script } = require("node:vm");
const { findCompiled } = require("./compiled.js");

const main = join(__dirname, "../dist/bcat.cjs");

if (process.env.BCAT_DEBUG) {
  // Node maps stacks to the sources only for modules that it loads itself.
  process.setSourceMapsEnabled(true);
  require(main);
} else {
  const loaded = [];
  const { ended } = load(main, loaded);
  void ended.then((exitCode) => {
    if (exitCode === 0 && loaded.some(({ found }) => !found.isComplete)) keep(loaded);
  });
}

/** Where the program was removed while it ran, there is nothing to be kept. */
function keep(loaded) {
  try {
    require("./keep-compiled.js").keep(loaded);
  } catch {}
}

/** Runs a file of dist/ as a module, and what it asks for of dist/ in the same way, once. */
function load(filename, loaded) {
  const modules = new Map();
  const program = readFileSync(filename);
  const found = findCompiled(filename, program);
  const script = new Script(wrap(program.latin1Slice()), { filename, cachedData: found.code });
  loaded.push({ filename, program, script, found });
  const module = { exports: {} };
  const requireThere = (name) => {
    if (!name.startsWith("../dist/")) return require(name);
    if (!modules.has(name)) modules.set(name, load(join(__dirname, name), loaded));
    return modules.get(name);
  };
  Object.assign(requireThere, require);
  script.runInThisContext()(module.exports, requireThere, module, filename, dirname(filename));
  return module.exports;
}
