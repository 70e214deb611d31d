/** Files of exclude patterns. What a pattern means is the business of @bcat/snapshot. */
import { readFile } from "node:fs/promises";
import { describeSystemError } from "@bcat/errors";
import { decodeUtf8 } from "./quote.js";
import { usageError } from "./usage.js";

/** The patterns of all files, in order. @throws {BcatError} with code "usage" when one cannot be read. */
export async function readExcludeFiles(paths: readonly string[]): Promise<string[]> {
  const patterns: string[] = [];
  for (const path of paths) patterns.push(...parseExcludes(await readText(path)));
  return patterns;
}

/** One pattern a line, without the space around it; empty lines and those that begin with `#` count for nothing. */
export function parseExcludes(text: string): string[] {
  const lines = text.split("\n").map((line) => line.trim());
  return lines.filter((line) => line !== "" && !line.startsWith("#"));
}

async function readText(path: string): Promise<string> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw usageError(`Cannot read the exclude file "${path}": ${describeSystemError(cause)}`, { cause });
  }
  const text = decodeUtf8(bytes);
  if (text === undefined || text.includes("\0"))
    throw usageError(`Cannot use the exclude file "${path}": it is not text in UTF-8`);
  return text.replace(/^\ufeff/, "");
}
