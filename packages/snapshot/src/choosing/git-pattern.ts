/**
 * The lines of an ignore file: gitignore(5), "PATTERN FORMAT".
 *
 *     foo     an entry `foo` here or below      **\/a   an `a` at any depth
 *     /foo    one in the folder of the file     a/**   all that is below `a`
 *     a/b     as /a/b                           !a     takes an earlier match back, of `a` itself only
 *     a/      only where it is a directory      # …    a comment; \# and \! are names that begin so
 *
 * Spaces at the end count for nothing, unless there is a `\` before them.
 */
import { textOfBytes } from "@bcat/errors";
import { type Dialect, parseName } from "./name-pattern.js";
import { anyDepth, type Part } from "./path-pattern.js";
import type { Rule } from "./rule.js";

/** A line that matches nothing, because it is not understood. */
export interface LineFault {
  readonly line: number;
  readonly found: string;
}

export interface IgnoreLines {
  readonly rules: readonly Rule[];
  readonly faults: readonly LineFault[];
}

/** Reads the content of the file at `file`, which is named in the rules. */
export function parseIgnoreFile(bytes: Uint8Array, file: Uint8Array): IgnoreLines {
  const rules: Rule[] = [];
  const faults: LineFault[] = [];
  for (const [index, given] of splitLines(bytes).entries()) {
    const line = index + 1;
    try {
      const text = trimEnd(textOfBytes(given));
      if (text === "" || text.startsWith("#")) continue;
      for (const rule of parseLine(text)) rules.push({ ...rule, origin: { file, line } });
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      faults.push({ line, found: error.message });
    }
  }
  return { rules, faults };
}

class Malformed extends Error {}

const dialect: Dialect = { isGit: true, bangNegates: true, malformed: (found) => new Malformed(found) };

function parseLine(text: string): Omit<Rule, "origin">[] {
  const includes = text.startsWith("!");
  let body = includes ? text.slice(1) : text;
  const onlyDirectories = body.endsWith("/");
  if (onlyDirectories) body = body.slice(0, -1);
  const anchored = body.includes("/");
  if (body.startsWith("/")) body = body.slice(1);
  if (body === "") return [];
  const bodies = anchored ? withinName(body) : [body];
  return bodies.map((each) => ({
    kind: "pattern",
    includes,
    onlyDirectories,
    parts: parseParts(each, anchored),
    text,
  }));
}

function parseParts(body: string, anchored: boolean): Part[] {
  const names = body.split("/");
  if (names.includes("")) throw new Malformed("a name in it is empty");
  const parts: Part[] = names.map((name) => (anchored && /^\*{2,}$/.test(name) ? anyDepth : parseName(name, dialect)));
  if (!anchored) parts.unshift(anyDepth);
  // What is below, not the folder itself.
  if (parts.at(-1) === anyDepth) parts.push(parseName("*", dialect));
  return parts.filter((part, i) => part !== anyDepth || parts[i - 1] !== anyDepth);
}

/**
 * Git compares what comes before the first wildcard apart, and then takes `**` in what is left for one that begins a name:
 * `/a**\/b` matches `ab`, `a/b` and `ax/y/b`. The patterns, with `**` as whole names, that do.
 */
function withinName(body: string): string[] {
  const [, start, rest] = /^([^*?[\\]*[^*?[\\/])\*{2,}(?:\/\*{2,}(?=\/|$))*((?:\/.*)?)$/s.exec(body) ?? [];
  if (start === undefined || rest === undefined) return [body];
  return [rest === "" ? `${start}*` : `${start}${rest.slice(1)}`, `${start}*/**${rest}`];
}

function splitLines(bytes: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  for (let start = hasMark ? 3 : 0; start < bytes.length; ) {
    const newline = bytes.indexOf(0x0a, start);
    const end = newline < 0 ? bytes.length : newline;
    lines.push(bytes.subarray(start, end > start && bytes[end - 1] === 0x0d ? end - 1 : end));
    start = end + 1;
  }
  return lines;
}

function trimEnd(text: string): string {
  let end = text.length;
  while (text[end - 1] === " ") {
    let escapes = 0;
    while (text[end - 2 - escapes] === "\\") escapes++;
    if (escapes % 2 === 1) break;
    end--;
  }
  return text.slice(0, end);
}
