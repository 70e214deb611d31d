/**
 * Runs the program behind so many calls that do nothing: `ahead.cjs THREAD CALL COUNT PROGRAM WORDS`. strace counts calls
 * in each thread by itself. For one call to be the only one with its number, those of its thread must be ahead of all of
 * the other, which THREAD says: the main thread, or that of the pool (UV_THREADPOOL_SIZE=1).
 */
"use strict";
const fs = require("node:fs");
const { promisify } = require("node:util");

const [thread, call, count, program] = process.argv.splice(2, 4);
const nowhere = "/nonexistent/a";
const descriptor = fs.openSync("/dev/null", "r+");
const byte = Buffer.alloc(1);

/** What Node calls, of the functions of `fs` without callback or promise. */
const callers = {
  access: ["access", nowhere],
  fchmod: ["fchmod", -1, 0o600],
  fsync: ["fsync", descriptor],
  getdents64: ["readdir", "/proc/self/task"],
  link: ["link", nowhere, nowhere],
  mkdir: ["mkdir", nowhere],
  openat: ["open", nowhere, "r"],
  pread64: ["read", descriptor, byte, 0, 1, 0],
  pwrite64: ["write", descriptor, byte, 0, 1, 0],
  read: ["read", descriptor, byte, 0, 1, null],
  rename: ["rename", nowhere, nowhere],
  statx: ["stat", nowhere],
  unlink: ["unlink", nowhere],
  write: ["write", descriptor, byte, 0, 1, null],
};

async function ahead() {
  for (let done = 0; done < Number(count); done++) {
    try {
      if (call === "close") await closeOne();
      else if (call === "newfstatat") await openAndCloseFolder();
      else await callOnce(...callers[call]);
    } catch {
      // It had nothing to do.
    }
  }
}

const callOnce = (name, ...words) => (thread === "main" ? fs[`${name}Sync`](...words) : promisify(fs[name])(...words));

async function closeOne() {
  const opened = fs.openSync("/dev/null");
  await callOnce("close", opened);
}

async function openAndCloseFolder() {
  const folder = thread === "main" ? fs.opendirSync("/proc/self/task") : await fs.promises.opendir("/proc/self/task");
  if (thread === "main") folder.closeSync();
  else await folder.close();
}

ahead().then(() => {
  process.argv[1] = program;
  require(program);
});
