/**
 * The words of the command line, and variables that stand for flags, as they were typed. Node decodes them as UTF-8, and
 * every byte that is none becomes U+FFFD: those words are taken from the system, as text that holds their bytes
 * (`textOfBytes`).
 */
import { readFileSync } from "node:fs";
import { textOfBytes } from "@bcat/errors";
import { usageError } from "./usage.js";

const replacement = "\ufffd";
const NUL = 0;

/**
 * `words` are the last ones of the process. They are read from the system only if one may have lost something.
 *
 * @throws {BcatError} with code "usage" where the system does not tell them
 */
export function typedWords(words: readonly string[], readArguments = readOwnArguments): readonly string[] {
  const lossy = words.find((word) => word.includes(replacement));
  if (lossy === undefined) return words;
  const given = divideByNul(readArguments()).slice(-words.length);
  // Whoever runs the program inside of theirs, or changes the title of the process, has changed one of the two.
  if (given.length === words.length && given.every((word, i) => word.toString() === words[i]))
    return given.map(textOfBytes);
  throw usageError(
    `Cannot use "${lossy}": it is not UTF-8, or has the character U+FFFD, and the system does not tell its bytes; write \\xNN for such a byte of a path in a snapshot, use --files-from-raw for what to back up, or name the folder above it`,
  );
}

/** The same for the value of an environment variable, which is as Node has it where the system does not tell it. */
export function typedVariable(name: string, value: string, readVariables = readOwnVariables): string {
  if (!value.includes(replacement)) return value;
  const start = `${name}=`;
  const given = divideByNul(readVariables())
    .find((one) => one.toString().startsWith(start))
    ?.subarray(start.length);
  // The program that it runs inside of may have set another.
  return given?.toString() === value ? textOfBytes(given) : value;
}

/** Of the node that runs: program, its own options, script, words. Empty where nobody tells. */
function readOwnArguments(): Buffer {
  return readOwn("cmdline");
}

function readOwnVariables(): Buffer {
  return readOwn("environ");
}

function readOwn(name: "cmdline" | "environ"): Buffer {
  try {
    return readFileSync(`/proc/self/${name}`);
  } catch {
    return Buffer.alloc(0);
  }
}

function divideByNul(bytes: Buffer): Buffer[] {
  const words: Buffer[] = [];
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(NUL, start);
    if (end < 0) return [];
    words.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return words;
}
