/** Sources to back up: seeded folders that change from one generation to the next. */
import {
  chmodSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { seededRandom } from "./seed.js";

/** A time that utimes(2) keeps exactly, also where only Node sets it. */
const SECOND = 1_700_000_000;

/** Files of the first generation, and those the third one adds: these make the packs of the backup under test. */
const FIRST_FILES = 16;
const THIRD_FILES = 34;
const FILE_SIZE = 12 * 1024;

/**
 * Brings `folder` to `generation`, from the one before. The first makes folders, files of all kinds of sizes, a symbolic
 * link and a name that is not UTF-8; the second changes a little; the third adds a lot.
 */
export function writeGeneration(folder: string, generation: 1 | 2 | 3 | 4, seed: number): void {
  const random = seededRandom(`source ${seed} ${generation}`);
  const put = (name: string, size: number, mode = 0o644) => writeFileSync(join(folder, name), random(size), { mode });
  if (generation === 1) {
    for (const name of ["", "deep", "deep/er", "empty", "new"]) mkdirSync(join(folder, name), { recursive: true });
    for (let i = 0; i < FIRST_FILES; i++) put(`deep/file-${i}`, 500 + i * 800);
    put("nothing", 0);
    put("deep/er/tiny", 3, 0o600);
    put("deep/er/large", 60_000);
    writeFileSync(Buffer.concat([Buffer.from(`${folder}/not-utf8-`), Buffer.from([0xff, 0xe4])]), random(700));
    symlinkSync("deep/file-1", join(folder, "link"));
  } else if (generation === 2) {
    put("deep/file-3", 9_000);
    put("deep/er/second", 20_000);
    rmSync(join(folder, "deep/file-5"));
    chmodSync(join(folder, "deep/er/tiny"), 0o640);
  } else if (generation === 3) {
    for (let i = 0; i < THIRD_FILES; i++) put(`new/file-${i}`, FILE_SIZE + i * 100);
    put("deep/er/large", 61_000);
    rmSync(join(folder, "deep/er/second"));
  } else {
    put("deep/file-7", 15_000);
    put("new/file-2", 4_000);
  }
  setTimes(folder, generation);
}

/** Many megabytes that nothing shrinks: what a process needs some time for. */
export function writeLarge(folder: string, options: { files: number; fileSize: number; seed: string }): void {
  mkdirSync(folder, { recursive: true });
  const random = seededRandom(options.seed);
  for (let i = 0; i < options.files; i++)
    writeFileSync(join(folder, `large-${i}`), stretch(random(32), options.fileSize));
  setTimes(folder, 1);
}

/** `size` bytes without repetition, quickly: AES in counter mode would do as well, but this needs no import. */
function stretch(key: Uint8Array, size: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(size / 4));
  let state = new DataView(key.buffer).getUint32(0, true) | 1;
  for (let i = 0; i < words.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[i] = state;
  }
  return new Uint8Array(words.buffer, 0, size);
}

/** Distinct whole seconds for everything, children before the folders they lie in. */
export function setTimes(folder: string, generation: number): void {
  let count = 0;
  const visit = (path: Buffer) => {
    for (const entry of readdirSync(path, { withFileTypes: true, encoding: "buffer" })) {
      const child = Buffer.concat([path, Buffer.from("/"), entry.name]);
      if (entry.isDirectory()) visit(child);
      const time = SECOND + generation * 1_000_000 + count++;
      if (entry.isSymbolicLink()) lutimesSync(child, time, time);
      else utimesSync(child, time, time);
    }
  };
  visit(Buffer.from(folder));
  utimesSync(folder, SECOND + generation, SECOND + generation);
}
