/**
 * Exclude patterns. The semantics are those of restic's `--exclude` (restic, doc/040_backup.rst, "Excluding Files"):
 *
 *     foo        an entry `foo` at any depth             a/        only where the entry is a directory
 *     a/b*       `b…` in an `a` at any depth             **        as a whole name: any number of names, or none
 *     /a/b       from the root of the file system        !a        re-includes `a` and what is below it
 *
 * and in a name what name-pattern.ts says. The last pattern that matches decides. An exclusion looks at the entry itself
 * only, for a walk does not descend into what is excluded, and a source that is named explicitly must not lose its
 * contents to a pattern of its own name. A re-inclusion also covers what is below the entry, else `/home/**` +
 * `!/home/me` would keep an empty directory of the source `/home`. (Of the source `/` they keep nothing: `/home/**`
 * excludes `/home` too, and the walk ends there.)
 */
import { BcatError } from "@bcat/errors";
import { foldText } from "./characters.js";
import { type Dialect, parseName } from "./name-pattern.js";
import { anyDepth, type Part } from "./path-pattern.js";
import type { Origin, Rule } from "./rule.js";

/** A pattern as a user gives it: alone, or with the place where it was written. */
export type GivenPattern = string | { readonly text: string; readonly origin: Origin };

export function patternText(given: GivenPattern): string {
  return typeof given === "string" ? given : given.text;
}

/** Empty patterns are ignored. @throws BcatError usage for a malformed one */
export function parseExcludes(patterns: readonly GivenPattern[], flag: string, foldsCase = false): Rule[] {
  return patterns.flatMap((given) => {
    const text = patternText(given);
    if (text === "") return [];
    return [parseRule(text, typeof given === "string" ? { flag } : given.origin, foldsCase)];
  });
}

function parseRule(text: string, origin: Origin, foldsCase: boolean): Rule {
  const dialect: Dialect = { isGit: false, bangNegates: false, malformed: (found) => malformed(text, origin, found) };
  const includes = text.startsWith("!");
  const given = includes ? text.slice(1) : text;
  const body = foldsCase ? foldText(given) : given;
  const anchored = body.startsWith("/");
  const names = cleanNames(body, anchored);
  if (names.length === 0 && !anchored) throw malformed(text, origin, "it names nothing");

  const parts: Part[] = names.map((name) => (name === anyDepth ? anyDepth : parseName(name, dialect)));
  if (!anchored) parts.unshift(anyDepth);
  if (includes) parts.push(anyDepth);
  // Two in a row are as one.
  const once = parts.filter((part, i) => part !== anyDepth || parts[i - 1] !== anyDepth);
  return { kind: "pattern", includes, onlyDirectories: body.endsWith("/"), parts: once, text, origin };
}

/** The names of a path, without those that mean none. A `..` that nothing is left for stays, and matches nothing. */
function cleanNames(body: string, anchored: boolean): string[] {
  const names: string[] = [];
  for (const name of body.split("/")) {
    if (name === "" || name === ".") continue;
    if (name !== ".." || (names.at(-1) ?? "..") === "..") names.push(name);
    else names.pop();
  }
  return anchored ? names.filter((name) => name !== "..") : names;
}

function malformed(pattern: string, { flag }: Origin, found: string): BcatError {
  const what = flag === undefined || flag.endsWith("exclude") ? "exclude pattern" : "pattern";
  return new BcatError("usage", `Cannot use ${what} "${pattern}": ${found}`);
}
