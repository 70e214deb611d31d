/** A folder as people have them, of 100 MB: many small files, some large, empty ones, links, modes; a part shrinks. */
import * as fs from "node:fs";
import { join } from "node:path";
import { randomBytesOf } from "./random-bytes.js";

const folderCount = 40;
const smallCount = 1_600;
const smallMax = 20_000;
const largeSizes = [24_000_000, 16_000_000, 12_000_000, 8_000_000, 8_000_000, 4_000_000, 4_000_000, 2_000_000];
const textSize = 6_000_000;
const modes = [0o644, 0o600, 0o755, 0o444];

/** Makes it in `path`, which is created; two trees of different seeds share nothing but their text. */
export function makeMixedTree(path: string, seed: string): void {
  fs.mkdirSync(path, { recursive: true });
  for (let i = 0; i < smallCount; i++) {
    const folder = join(path, `folder ${i % folderCount}`, ...(i % 3 === 0 ? ["below"] : []));
    fs.mkdirSync(folder, { recursive: true });
    const size = (i * 7_919) % smallMax;
    fs.writeFileSync(join(folder, `file ${i}`), randomBytesOf(`${seed} small ${i}`, size), { mode: modes[i % 4]! });
  }
  for (const [i, size] of largeSizes.entries())
    fs.writeFileSync(join(path, `large ${i}`), randomBytesOf(`${seed} large ${i}`, size));
  fs.writeFileSync(join(path, "text"), "A line as there are many.\n".repeat(textSize / 26));
  for (let i = 0; i < 20; i++) fs.writeFileSync(join(path, `folder ${i}`, "empty"), "");
  for (let i = 0; i < 10; i++) {
    fs.symlinkSync(`../large ${i % 8}`, join(path, `folder ${i}`, "link"));
    fs.linkSync(join(path, `large ${i % 8}`), join(path, `folder ${i}`, "hard link"));
  }
  fs.symlinkSync("nowhere/at all", join(path, "dangling"));
  fs.mkdirSync(join(path, "empty folder"), { mode: 0o700 });
}
