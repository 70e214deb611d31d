/** Raw figures as a file, and back. */
import { readFileSync, writeFileSync } from "node:fs";

const VERSION = 1;

export function writeResults(file, results) {
  writeFileSync(file, `${JSON.stringify({ version: VERSION, ...results }, undefined, 1)}\n`);
}

/** @throws Error when the file cannot be read, or is not of this version */
export function readResults(file) {
  const { version, ...results } = parse(file);
  if (version !== VERSION) throw new Error(`Cannot read ${file}: version ${version}, known is ${VERSION}`);
  return results;
}

function parse(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    const found = error.code === "ENOENT" ? "there is no such file" : error.message;
    throw new Error(`Cannot read ${file}: ${found}`, { cause: error });
  }
}
