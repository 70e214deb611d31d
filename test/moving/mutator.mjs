/**
 * Changes the files of a folder without pause, until it is killed: `node mutator.mjs FOLDER SEED`; with `hot` behind it
 * only a few large ones, which never stand still. Says "ready" when all are there. What is in a file tells which states it has had: lines of 64 bytes, `VERSION INDEX`. What comes of which
 * kind is in states.ts.
 */
import fs from "node:fs";
import { join } from "node:path";

const [folder = "", seed = "1", mode] = process.argv.slice(2);
const LINES_MAX = 500;
const HOT_LINES = 20_000;
/** Files of each kind: so many that each of them stands still now and then. */
const FILES = 300;
const HOT = 3;

let state = Number(seed) | 0;
/** Mulberry32, as in packages/storage. */
function random() {
  state = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}
const below = (count) => Math.floor(random() * count);

function text(version, from, count) {
  let lines = "";
  for (let i = from; i < from + count; i++) lines += `${version} ${i}`.padEnd(63).concat("\n");
  return Buffer.from(lines);
}

function write(path, offset, bytes) {
  const fd = fs.openSync(path, fs.constants.O_WRONLY | fs.constants.O_CREAT);
  fs.writeSync(fd, bytes, 0, bytes.length, offset);
  fs.closeSync(fd);
}

const files = [];
function add(kind, count, name = kind, lines = () => 1 + below(LINES_MAX)) {
  const made = Array.from({ length: count }, (_, i) => {
    const place = join(folder, `${name}-${i % 7}`);
    fs.mkdirSync(place, { recursive: true });
    return { kind, path: join(place, `${kind}-${name}-${i}`), version: 1, lines: lines(), length: 0 };
  });
  for (const file of made) {
    fs.writeFileSync(file.path, text(mode === "hot" ? 100_000 : 1, 0, file.lines));
    file.length = file.lines;
  }
  files.push(...made);
  return made;
}

const acts = {
  /** Another file in its place, in one step. */
  atomic(file) {
    fs.writeFileSync(`${file.path}.new`, text(++file.version, 0, 1 + below(LINES_MAX)));
    fs.renameSync(`${file.path}.new`, file.path);
  },
  /** Overwritten where it is, in one call. */
  whole(file) {
    write(file.path, 0, text(++file.version, 0, file.lines));
  },
  /** The same in many calls. */
  pieces(file) {
    const bytes = text(++file.version, 0, file.lines);
    for (let at = 0; at < bytes.length; at += 1024) write(file.path, at, bytes.subarray(at, at + 1024));
  },
  /** Grows, and begins anew when it is long. */
  append(file) {
    if (file.length > LINES_MAX) {
      fs.truncateSync(file.path, 0);
      file.length = 0;
      file.version++;
    }
    const count = 1 + below(40);
    fs.appendFileSync(file.path, text(file.version, file.length, count));
    file.length += count;
  },
  /** Cut off somewhere, or emptied and written anew. */
  cut(file) {
    if (file.length > 0 && below(2) === 0) {
      file.length = below(file.length);
      fs.truncateSync(file.path, file.length * 64);
      return;
    }
    fs.truncateSync(file.path, 0);
    file.length = 1 + below(LINES_MAX);
    fs.appendFileSync(file.path, text(++file.version, 0, file.length));
  },
  /** Comes and goes, with its folder or by another name. */
  churn(file) {
    const act = below(4);
    if (act === 0) fs.rmSync(file.path, { force: true });
    else if (act === 1 && fs.existsSync(file.path)) fs.renameSync(file.path, `${file.path}-moved`);
    else if (act === 2) {
      const place = `${file.path}-folder`;
      if (fs.existsSync(place)) fs.rmSync(place, { recursive: true });
      else {
        fs.mkdirSync(place);
        fs.writeFileSync(join(place, "churn-in"), text(++file.version, 0, 1 + below(20)));
        fs.symlinkSync("churn-in", join(place, "link"));
      }
    } else {
      fs.rmSync(file.path, { force: true });
      fs.writeFileSync(file.path, text(++file.version, 0, 1 + below(LINES_MAX)));
    }
  },
};

/** As {@link acts} of the kind, but faster than any reader: what differs is stamped into bytes that are there. */
function overwriteHot(file) {
  file.bytes ??= text(100_000, 0, HOT_LINES);
  const stamp = Buffer.from(String(100_000 + (++file.version % 800_000)));
  for (let at = 0; at < file.bytes.length; at += 64) file.bytes.set(stamp, at);
  const size = file.kind === "whole" ? file.bytes.length : 64 * 1024;
  for (let at = 0; at < file.bytes.length; at += size) write(file.path, at, file.bytes.subarray(at, at + size));
}

if (mode === "hot") {
  const hot = [...add("whole", HOT, "hot", () => HOT_LINES), ...add("pieces", HOT, "hot", () => HOT_LINES)];
  process.stdout.write("ready\n");
  for (;;) overwriteHot(hot[below(hot.length)]);
}
for (const kind of Object.keys(acts)) add(kind, FILES);
process.stdout.write("ready\n");
for (;;) {
  const file = files[below(files.length)];
  acts[file.kind](file);
}
