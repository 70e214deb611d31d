/** Trees of many small files, the same number in each folder. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { formatCount } from "../report/quantity.mjs";
import { createKeystream } from "./keystream.mjs";
import { createProse } from "./prose.mjs";

export const smallRandom = {
  name: "small-random",
  title: (scale) => `${formatCount(50_000 * scale)} files of 4 KiB random`,
  prepare(folder, scale) {
    const next = createKeystream("small random");
    return writeTree(folder, { folders: 100, files: 500 * scale }, () => next(4_096));
  },
};

export const smallText = {
  name: "small-text",
  title: (scale) => `${formatCount(40_000 * scale)} text files of 3 KB`,
  prepare(folder, scale) {
    const next = createProse("small text");
    return writeTree(folder, { folders: 100, files: 400 * scale }, () => next(3_000));
  },
};

export const tiny = {
  name: "tiny",
  title: (scale) => `${formatCount(1_000_000 * scale)} files of 6 bytes`,
  prepare(folder, scale) {
    return writeTree(folder, { folders: 1_000, files: 1_000 * scale }, (i) => String(i).padStart(6, "0"));
  },
};

function writeTree(folder, { folders, files }, contentOf) {
  let written = 0;
  for (let i = 0; i < folders; i++) {
    const inner = join(folder, `folder-${String(i).padStart(4, "0")}`);
    mkdirSync(inner, { recursive: true });
    for (let j = 0; j < files; j++) writeFileSync(join(inner, `file-${j}`), contentOf(written++), { flag: "wx" });
  }
  return [folder];
}
