/** Files of exclude patterns. What a pattern means is the business of @bcat/snapshot. */
import { readFile } from "node:fs/promises";
import { bytesOfText, describeSystemError, type OnNotice, textOfBytes } from "@bcat/errors";
import { absolutePathBytes, type Variables } from "@bcat/host";
import type { GivenPattern } from "@bcat/snapshot";
import { expandVariables } from "./expand-variables.js";
import { usageError } from "./usage.js";

export interface ExcludeFileOptions {
  /** The flag that the files were given with, for messages: `--exclude-file`. */
  readonly flag: string;
  readonly variables: Variables;
  /** Something to know of a line. */
  readonly onNotice: OnNotice;
}

/**
 * The patterns of all files, as text of any bytes (`textOfBytes`), in order.
 *
 * @throws {BcatError} with code "usage" when one cannot be read.
 */
export async function readExcludeFiles(
  paths: readonly string[],
  options: ExcludeFileOptions,
): Promise<Exclude<GivenPattern, string>[]> {
  const patterns: Exclude<GivenPattern, string>[] = [];
  for (const path of paths) {
    const file = absolutePathBytes(path);
    for (const { text, line } of parseExcludes(await readText(path, options.flag))) {
      const expanded = expandVariables(text, options.variables);
      for (const name of expanded.unset)
        options.onNotice(
          `${options.flag} "${path}", line ${line}: $${name} is not set and counts as nothing; "$$" is a "$"`,
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

async function readText(path: string, flag: string): Promise<string> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(Buffer.from(bytesOfText(path)));
  } catch (cause) {
    throw usageError(`Cannot read ${flag} "${path}": ${describeSystemError(cause)}`, { cause });
  }
  if (bytes.includes(0))
    throw usageError(`Cannot use ${flag} "${path}": it has NUL bytes, as UTF-16 has; write it in UTF-8`);
  return textOfBytes(bytes).replace(/^\ufeff/, "");
}
