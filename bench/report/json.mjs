/** Raw figures as a file, and back. */
import { readFileSync, writeFileSync } from "node:fs";

const VERSION = 1;

export function writeResults(file, results) {
  writeFileSync(file, `${JSON.stringify({ version: VERSION, ...results }, undefined, 1)}\n`);
}

/** @throws Error when the file is not of this version */
export function readResults(file) {
  const { version, ...results } = JSON.parse(readFileSync(file, "utf8"));
  if (version !== VERSION) throw new Error(`Cannot read ${file}: version ${version}, known is ${VERSION}`);
  return results;
}
