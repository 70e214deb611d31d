/**
 * Writes what V8 of this Node compiled of the program beside it, after runs of common commands: functions are compiled
 * when they are first called, so the runs decide what is in it. bin/bcat.js says what the file looks like. Without it the
 * program starts slower, not wrong, so nothing that goes wrong here is an error. usage: node compile.cjs
 */
"use strict";
const { createHash } = require("node:crypto");
const { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } = require("node:fs");
const { wrap } = require("node:module");
const { tmpdir } = require("node:os");
const { dirname, join } = require("node:path");
const { Script } = require("node:vm");

const filename = join(__dirname, "../dist/bcat.cjs");
const target = `${filename}.${process.version}-${process.arch}`;

if (!isUpToDate()) {
  const folder = mkdtempSync(join(tmpdir(), "bcat-compile-"));
  compile(folder)
    .catch((error) => console.error(`bcat is not compiled ahead: ${error.message}`))
    .finally(() => {
      rmSync(folder, { recursive: true });
      process.exitCode = 0;
    });
}

function isUpToDate() {
  try {
    const bytes = readFileSync(target);
    return digestOf(bytes.subarray(32)).equals(bytes.subarray(0, 32));
  } catch {
    return false;
  }
}

function digestOf(code) {
  return createHash("sha256").update(readFileSync(filename)).update(code).digest();
}

async function compile(folder) {
  for (const name of Object.keys(process.env)) if (name.startsWith("BCAT_")) delete process.env[name];
  process.env.BCAT_REPOSITORY = join(folder, "repository");
  process.env.BCAT_CACHE_DIR = join(folder, "cache");
  process.env.BCAT_KEY_FILE = join(folder, "key");
  writeFileSync(process.env.BCAT_KEY_FILE, Buffer.alloc(32, 1));
  process.stdout.write = (_text, written) => {
    written?.();
    return true;
  };
  const script = new Script(wrap(readFileSync(filename, "latin1")), { filename });
  for (const words of ["init", "version", `backup ${__filename}`, `backup ${__filename}`, "snapshots"])
    await run(script, words.split(" "));
  const code = script.createCachedData();
  const temporary = `${target}.${process.pid}`;
  writeFileSync(temporary, Buffer.concat([digestOf(code), code]));
  renameSync(temporary, target);
}

async function run(script, words) {
  process.argv = [process.execPath, filename, ...words];
  const module = { exports: {} };
  script.runInThisContext()(module.exports, require, module, filename, dirname(filename));
  const exitCode = await module.exports.ended;
  if (exitCode !== 0) throw new Error(`bcat ${words.join(" ")} ended with ${exitCode}`);
}
