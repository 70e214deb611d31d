/** The source of bench/resume.mjs: a tenth of it in files of 100 KB, half in files of 5 MB, the rest in files of 300 MB. */
import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { createKeystream } from "../workloads/keystream.mjs";

const SHARES = [
  { name: "small", share: 0.1, size: 1e5, aFolder: 200 },
  { name: "medium", share: 0.5, size: 5e6, aFolder: 20 },
  { name: "large", share: 0.4, size: 3e8, aFolder: 5 },
];

/** Makes it in `folder`, of `size` bytes and a part of a file that nothing shrinks. Gives how many files and bytes. */
export function makeSource(folder, size) {
  const stream = createKeystream("resume");
  const made = { files: 0, bytes: 0 };
  for (const kind of SHARES) {
    for (let i = 0; i < (size * kind.share) / kind.size; i++, made.files++) {
      const parent = join(folder, kind.name, String(Math.floor(i / kind.aFolder)));
      mkdirSync(parent, { recursive: true });
      const file = openSync(join(parent, String(i)), "w");
      for (let left = kind.size; left > 0; left -= 2 ** 20) writeSync(file, stream(Math.min(left, 2 ** 20)));
      closeSync(file);
      made.bytes += kind.size;
    }
  }
  return made;
}
