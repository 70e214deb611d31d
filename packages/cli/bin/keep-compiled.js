/** Keeps what V8 compiled during this run for the next ones (compiled.js). */
"use strict";
const { mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } = require("node:fs");
const { dirname, join } = require("node:path");
const { commandOf, encode, isOwn, isOwnName, isSafeWay } = require("./compiled.js");

/** Files in the folder, of up to seven a program: of two versions of Node, say, and two places that it is installed at. */
const filesMax = 28;
/** After that V8 has thrown away what it compiled at the start and no longer uses. Seconds. */
const uptimeMax = 10;

/** A cache that cannot be written is no error: the next run takes as long as this one. */
exports.keep = (loaded) => {
  if (process.uptime() > uptimeMax) return;
  const command = commandOf(process.argv);
  try {
    for (const { program, script, found } of loaded) {
      if (found.isComplete || script.cachedDataRejected === true) continue;
      const commands = [...found.commands, command].sort();
      write(found.path, encode(program, commands, script.createCachedData()));
    }
  } catch {}
};

function write(path, bytes) {
  const folder = dirname(path);
  // Not more than these: a home that is not there is not made.
  for (const made of [dirname(dirname(folder)), dirname(folder), folder]) makeFolder(made);
  if (!isOwn(path)) return;
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, bytes, { mode: 0o600, flag: "wx" });
  renameSync(temporary, path);
  removeOldest(folder);
}

/** @throws where others lead the way: nothing is made for them. */
function makeFolder(path) {
  if (!isSafeWay(dirname(path))) throw new Error("The way to the cache is another user's");
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
  }
}

/** The folder may have been there before, with files of the user's. */
function removeOldest(folder) {
  const paths = readdirSync(folder)
    .filter(isOwnName)
    .map((name) => join(folder, name));
  const byAge = paths.map((path) => ({ path, time: statSync(path).mtimeMs })).sort((a, b) => b.time - a.time);
  for (const { path } of byAge.slice(filesMax)) rmSync(path);
}
