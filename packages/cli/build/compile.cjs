/**
 * Writes what V8 compiled of the program beside it, after runs of common commands: functions are compiled when they are
 * first called, so the runs decide what is in it. bin/bcat.js says what the file looks like.
 * usage: node compile.cjs BUNDLE
 */
"use strict";
const { createHash } = require("node:crypto");
const { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } = require("node:fs");
const { wrap } = require("node:module");
const { tmpdir } = require("node:os");
const { dirname, join } = require("node:path");
const { Script } = require("node:vm");

const filename = process.argv[2];
const script = new Script(wrap(readFileSync(filename, "latin1")), { filename });
const folder = mkdtempSync(join(tmpdir(), "bcat-compile-"));

void compile().finally(() => rmSync(folder, { recursive: true }));

async function compile() {
  for (const name of Object.keys(process.env)) if (name.startsWith("BCAT_")) delete process.env[name];
  process.env.BCAT_REPOSITORY = join(folder, "repository");
  process.env.BCAT_CACHE_DIR = join(folder, "cache");
  process.env.BCAT_KEY_FILE = join(folder, "key");
  writeFileSync(process.env.BCAT_KEY_FILE, Buffer.alloc(32, 1));
  for (const words of ["init", "version", `backup ${__filename}`, `backup ${__filename}`, "snapshots"])
    await run([...words.split(" "), "--quiet"]);
  const temporary = `${filename}.compiled.${process.pid}`;
  const code = script.createCachedData();
  writeFileSync(temporary, Buffer.concat([createHash("sha256").update(code).digest(), code]));
  renameSync(temporary, `${filename}.compiled`);
}

async function run(words) {
  process.argv = [process.execPath, filename, ...words];
  const module = { exports: {} };
  script.runInThisContext()(module.exports, require, module, filename, dirname(filename));
  const exitCode = await module.exports.ended;
  if (exitCode !== 0) throw new Error(`bcat ${words.join(" ")} ended with ${exitCode}`);
}
