/** 1 GiB that neither shrinks nor repeats, in four files or in one. */
import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { createKeystream } from "./keystream.mjs";

const MIB = 1 << 20;

export const randomFiles = {
  name: "random-1g",
  title: (scale) => `${size(scale)} random in 4 files`,
  prepare: (folder, scale) => writeFiles(folder, 4, 256 * scale),
};

export const randomFile = {
  name: "random-1g-one",
  title: (scale) => `${size(scale)} random in 1 file`,
  prepare: (folder, scale) => writeFiles(folder, 1, 1_024 * scale),
};

function size(gibibytes) {
  return gibibytes >= 1 ? `${gibibytes} GiB` : `${Math.round(gibibytes * 1_024)} MiB`;
}

function writeFiles(folder, count, blocks) {
  mkdirSync(folder, { recursive: true });
  for (let i = 0; i < count; i++) {
    const next = createKeystream(`random ${count} ${i}`);
    const file = openSync(join(folder, `random-${i}`), "wx");
    for (let written = 0; written < blocks; written++) writeSync(file, next(MIB));
    closeSync(file);
  }
  return [folder];
}
