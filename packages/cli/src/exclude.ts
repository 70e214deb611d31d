/** Files of exclude patterns. What a pattern means is the business of @bcat/snapshot. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { describeSystemError, type OnNotice } from "@bcat/errors";
import type { Variables } from "@bcat/host";
import type { GivenPattern } from "@bcat/snapshot";
import { expandVariables } from "./expand-variables.js";
import { decodeUtf8 } from "./quote.js";
import { usageError } from "./usage.js";

export interface ExcludeFileOptions {
  readonly variables: Variables;
  /** Something to know of a line. */
  readonly onNotice: OnNotice;
}

/** The patterns of all files, in order. @throws {BcatError} with code "usage" when one cannot be read. */
export async function readExcludeFiles(
  paths: readonly string[],
  options: ExcludeFileOptions,
): Promise<Exclude<GivenPattern, string>[]> {
  const patterns: Exclude<GivenPattern, string>[] = [];
  for (const path of paths) {
    const file = Buffer.from(resolve(path));
    for (const { text, line } of parseExcludes(await readText(path))) {
      const expanded = expandVariables(text, options.variables);
      for (const name of expanded.unset)
        options.onNotice(
          `exclude file "${path}", line ${line}: $${name} is not set and counts as nothing; "$$" is a "$"`,
          "variable-unset",
        );
      if (expanded.text !== "") patterns.push({ text: expanded.text, origin: { file, line } });
    }
  }
  return patterns;
}

/** One pattern a line, without the space around it; empty lines and those that begin with `#` count for nothing. */
export function parseExcludes(text: string): { readonly text: string; readonly line: number }[] {
  const lines = text.split("\n").map((line, index) => ({ text: line.trim(), line: index + 1 }));
  return lines.filter((line) => line.text !== "" && !line.text.startsWith("#"));
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
