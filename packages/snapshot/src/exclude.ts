/** Exclude patterns for whole paths. For the entries of a source, folder after folder, see choosing/choice.ts. */
import { type GivenPattern, parseExcludes } from "./choosing/exclude-pattern.js";
import { findSlashes, pathMatches } from "./choosing/path-pattern.js";
import type { Rule } from "./choosing/rule.js";
import { type FolderRules, RuleList } from "./choosing/rule-list.js";
import { splitPath } from "./path.js";

/**
 * True when an entry is excluded. `path` is absolute, its names separated by one `/`, without a `/` at the end.
 * `isDirectory` is called at most once, and only when the answer depends on it.
 */
export type ExcludeTest = (path: Uint8Array, isDirectory: () => boolean) => boolean;

/** The rule that decides about an entry, which is the last that matches it; as {@link ExcludeTest}. */
export type FindRule = (path: Uint8Array, isDirectory: () => boolean) => Rule | undefined;

/**
 * Compiles patterns, of which later ones win over earlier ones. Empty patterns are ignored; undefined when none is left.
 * @throws BcatError "usage" for a malformed pattern
 */
export function compileExcludes(patterns: readonly GivenPattern[]): ExcludeTest | undefined {
  const rules = parseExcludes(patterns, "--exclude");
  if (rules.length === 0) return undefined;
  const find = compileRules(rules);
  return (path, isDirectory) => find(path, isDirectory)?.includes === false;
}

export function compileRules(rules: readonly Rule[]): FindRule {
  const list = new RuleList(rules);
  const lastFirst = rules.toReversed();
  let last: { readonly folder: Uint8Array; readonly rules: FolderRules } | undefined;
  return (path, isDirectory) => {
    const { folder, name } = splitPath(path);
    const isDirectoryOnce = once(isDirectory);
    if (name.length === 0) {
      const slashes = findSlashes(path);
      return lastFirst.find(
        ({ parts, onlyDirectories }) => pathMatches(parts, path, slashes, 0) && (!onlyDirectories || isDirectoryOnce()),
      );
    }
    if (last === undefined || Buffer.compare(last.folder, folder) !== 0)
      last = { folder: folder.slice(), rules: list.in(folder) };
    return last.rules.find(name, isDirectoryOnce);
  };
}

/** Asks once, and remembers the answer. */
export function once(ask: () => boolean): () => boolean {
  let known: boolean | undefined;
  return () => {
    known ??= ask();
    return known;
  };
}
