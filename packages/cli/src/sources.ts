/** What to back up: named on the command line, or in lists. What a list means is what it means for restic. */
import { readFile } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import { bytesOfText, describeSystemError, type OnNotice, textOfBytes } from "@bcat/errors";
import { sourcePathBytes } from "@bcat/host";
import type { Context } from "./command.js";
import { expandGlob } from "./glob.js";
import type { Flags, Options } from "./options.js";
import { tellMeanings } from "./pattern-meaning.js";
import { quoteName, quoteText } from "./quote.js";
import { usageError } from "./usage.js";
import { printNotice } from "./warning.js";

export const sourceFlags: Flags = {
  "files-from": {
    kind: "list",
    value: "FILE",
    bytes: true,
    description: "file with a pattern of what to back up on each line, - for standard input; # begins a comment",
  },
  "files-from-verbatim": {
    kind: "list",
    value: "FILE",
    bytes: true,
    description: "file with a path on each line, taken as it is",
  },
  "files-from-raw": {
    kind: "list",
    value: "FILE",
    bytes: true,
    description: "file with paths, each ended by a NUL byte",
  },
};

/** True when a list comes on standard input. */
export function takesListOnStdin(options: Options): boolean {
  return Object.keys(sourceFlags).some((name) => options.list(name).includes("-"));
}

/** Longest list, bytes. */
const LIST_SIZE_MAX = 64 * 2 ** 20;
const NEWLINE = 0x0a;
const RETURN = 0x0d;

/** Absolute paths; one with a `/` at the end means what a link leads to. @throws {BcatError} with code "usage" */
export async function readSources(context: Pick<Context, "operands" | "options" | "output">): Promise<Uint8Array[]> {
  const { operands, options, output } = context;
  const patterns = options.list("files-from");
  const verbatim = options.list("files-from-verbatim");
  const raw = options.list("files-from-raw");
  const lists = [...patterns, ...verbatim, ...raw];
  if (operands.length + lists.length === 0)
    throw usageError("Missing path: say what to back up, such as bcat backup ~");
  if (lists.filter((list) => list === "-").length > 1)
    throw usageError("Cannot read more than one list from standard input");
  const onNotice: OnNotice = (line, code) => printNotice(line, code, output);
  const paths: Uint8Array[] = [];
  for (const list of patterns) {
    for (const pattern of linesOf(await readList(list)).map(trim)) {
      if (pattern.length === 0 || pattern[0] === "#".charCodeAt(0)) continue;
      if (!output.quiet) await tellMeanings([textOfBytes(pattern)], onNotice);
      const found = await expandGlob(pattern);
      if (found.length === 0)
        printNotice(`pattern "${quoteName(pattern)}" of "${list}" matches no file`, "pattern-unmatched", output);
      for (const path of found) paths.push(path);
    }
  }
  for (const list of verbatim) {
    for (const line of linesOf(await readList(list))) if (line.length > 0) paths.push(line);
  }
  for (const list of raw) {
    for (const path of dividedByNul(await readList(list), list)) paths.push(path);
  }
  for (const operand of operands) paths.push(bytesOfText(operand));
  if (paths.length === 0) throw usageError(`Cannot back up: "${lists.join('", "')}" names nothing`);
  return paths.map(sourcePathBytes);
}

async function readList(list: string): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    bytes = list === "-" ? await buffer(process.stdin) : await readFile(Buffer.from(bytesOfText(list)));
  } catch (cause) {
    throw usageError(`Cannot read the list "${quoteText(list)}": ${describeSystemError(cause)}`, { cause });
  }
  if (bytes.length > LIST_SIZE_MAX)
    throw usageError(`Cannot use the list "${quoteText(list)}": it has more than ${LIST_SIZE_MAX} bytes`);
  return bytes;
}

/** Without line breaks, of either kind, and the mark that some editors put first. */
function linesOf(bytes: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  for (let start = hasMark ? 3 : 0; start < bytes.length; ) {
    const newline = bytes.indexOf(NEWLINE, start);
    const end = newline < 0 ? bytes.length : newline;
    const line = bytes.subarray(start, end > start && bytes[end - 1] === RETURN ? end - 1 : end);
    if (line.includes(0)) throw usageError("Cannot use a list with NUL bytes in its lines: that is --files-from-raw");
    lines.push(line);
    start = end + 1;
  }
  return lines;
}

function trim(line: Uint8Array): Uint8Array {
  return Buffer.from(
    Buffer.from(line)
      .toString("latin1")
      .replaceAll(/^[\t\v\f\r ]+|[\t\v\f\r ]+$/g, ""),
    "latin1",
  );
}

function dividedByNul(bytes: Uint8Array, list: string): Uint8Array[] {
  const paths: Uint8Array[] = [];
  const refuse = (found: string) => usageError(`Cannot use the list "${quoteText(list)}": ${found}`);
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(0, start);
    if (end < 0) throw refuse("no NUL byte ends its last path");
    if (end === start) throw refuse("a path in it is empty");
    paths.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return paths;
}
