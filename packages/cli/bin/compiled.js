/**
 * What V8 of this Node compiled of the program: it starts in half the time with it, and runs the same without. One file
 * for each file of the program:
 *
 *     offset  size
 *          0    32  SHA-256 of the name of this layout, of the program, and of all that follows
 *         32   480  commands that have run with it, with spaces between and after; "*" means all
 *        512        the code
 *
 * V8 refuses the code of another version of it, but not in every version damaged code or that of another program. It is
 * code: nobody may write it who may not write the program. It lies beside the program (build/compile.cjs), or, where the
 * program came without, in the folder `code` of the user's cache, which counts only if it is that user's alone.
 */
"use strict";
const { createHash } = require("node:crypto");
const {
  constants,
  closeSync,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  realpathSync,
  statSync,
} = require("node:fs");
const { basename, dirname, isAbsolute, join, resolve } = require("node:path");

const layout = "bcat compiled code 2";
const digestLength = 32;
const headLength = 512;
/** Largest file that is read, bytes. */
const sizeMax = 2 ** 24;
/** Of the digest of where the program is. */
const placeDigits = 16;
const ownName = /^[a-z0-9-]+\.cjs\.[0-9a-f]{16}\.v\d+\.\d+\.\d+[^/]*-[a-z0-9]+(\.\d+)?$/;

/** `code` is undefined where there is none that is whole; `isComplete` when nothing is to be kept after this run. */
exports.findCompiled = (filename, program) => {
  const beside = exports.findBeside(filename, program);
  if (beside !== undefined) return { code: beside.code, isComplete: true };
  const path = ownPath(filename);
  if (path === undefined) return { code: undefined, isComplete: true };
  const own = decode(isOwn(path) ? readFile(path, isOwnersAlone) : undefined, program);
  const commands = own?.commands ?? [];
  return { path, commands, code: own?.code, isComplete: commands.includes(exports.commandOf(process.argv)) };
};

/** Undefined where there is none beside the program. */
exports.findBeside = (filename, program) =>
  decode(
    readFile(exports.besidePath(filename), () => true),
    program,
  );

exports.besidePath = (filename) => `${filename}.${process.version}-${process.arch}`;

exports.encode = (program, commands, code) => {
  const words = Buffer.from(commands.join(" ").padEnd(headLength - digestLength), "latin1");
  if (words.length > headLength - digestLength) throw new RangeError("There are too many commands");
  return Buffer.concat([digestOf(program, words, code), words, code]);
};

/** The first word, if it can be a command. */
exports.commandOf = ([, , word = ""]) => (/^[a-z-]+$/.test(word) ? word : "");

/** True for a directory, or an open file, that only this user may change. */
function isOwnersAlone({ uid, mode }) {
  return uid === process.geteuid() && (mode & 0o022) === 0;
}

function decode(bytes, program) {
  if (bytes === undefined || bytes.length <= headLength) return undefined;
  const [words, code] = [bytes.subarray(digestLength, headLength), bytes.subarray(headLength)];
  if (!digestOf(program, words, code).equals(bytes.subarray(0, digestLength))) return undefined;
  return { code, commands: words.latin1Slice().trim().split(" ") };
}

function digestOf(...parts) {
  const hash = createHash("sha256").update(layout);
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** Undefined where there is no such file, or none that is `trusted`. */
function readFile(path, trusted) {
  let descriptor;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    const stats = fstatSync(descriptor);
    return stats.isFile() && stats.size <= sizeMax && trusted(stats) ? readFileSync(descriptor) : undefined;
  } catch {
    return undefined;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** One name for each place that a program is installed at, so that another version of it takes the place of this one's. */
function ownPath(filename) {
  const cache = cacheFolder(process.env);
  if (cache === undefined || process.geteuid === undefined || process.argv.includes("--no-cache")) return undefined;
  const place = createHash("sha256").update(filename).digest("hex").slice(0, placeDigits);
  return join(cache, "code", `${basename(filename)}.${place}.${process.version}-${process.arch}`);
}

/** Whether a name in the folder can be one of these, or what is left of one that was being written: no other is removed. */
exports.isOwnName = (name) => ownName.test(name);

function cacheFolder({ BCAT_CACHE_DIR, CACHE_DIRECTORY, XDG_CACHE_HOME, HOME, BCAT_NO_CACHE }) {
  if (BCAT_NO_CACHE !== undefined) return undefined;
  const ofService = CACHE_DIRECTORY?.split(":")[0] ?? "";
  const base = XDG_CACHE_HOME || (HOME ? join(HOME, ".cache") : "");
  const folder = BCAT_CACHE_DIR ?? (isAbsolute(ofService) ? ofService : join(base, "bcat"));
  return isAbsolute(folder) ? folder : undefined;
}

/** The cache may be reached by links of the user's, the folder in it must not be one. */
function isOwn(path) {
  try {
    const code = lstatSync(join(path, ".."));
    const cache = join(path, "../..");
    return code.isDirectory() && isOwnersAlone(code) && isOwnersAlone(statSync(cache)) && isSafeWay(cache);
  } catch {
    return false;
  }
}
exports.isOwn = isOwn;

/**
 * Whether nobody but this user and root may lead the way to a folder elsewhere, by what it is called or by where its
 * links lead: as root with the home of another one, say, that one may.
 */
function isSafeWay(folder) {
  const isSafe = ({ uid, mode }) => (uid === 0 || uid === process.geteuid()) && (mode & 0o1002) !== 0o002;
  for (const way of new Set([resolve(folder), realpathSync(folder)]))
    for (let at = way; ; at = dirname(at)) {
      const stats = lstatSync(at);
      if (stats.isSymbolicLink() ? !isSafe({ uid: stats.uid, mode: 0 }) : !isSafe(stats)) return false;
      if (at === dirname(at)) break;
    }
  return true;
}
exports.isSafeWay = isSafeWay;
