/** Patterns that can match nothing in the sources: most are mistakes, of which nothing else tells. */
import { nameRoots } from "../backup/roots.js";
import { foldCase } from "./characters.js";
import type { ChoiceOptions } from "./choice-options.js";
import { parseExcludes } from "./exclude-pattern.js";
import { nameMatches } from "./name-pattern.js";
import { anyDepth, findSlashes, type Part } from "./path-pattern.js";
import type { Rule } from "./rule.js";

export interface NeverMatching {
  readonly rule: Rule;
  readonly why: string;
}

/** Those of the patterns given, in their order. `sources` are absolute. @throws BcatError usage for a malformed pattern */
export function neverMatching(options: ChoiceOptions, sources: readonly Uint8Array[]): NeverMatching[] {
  const { excludes = [], iexcludes = [] } = options;
  const roots = nameRoots(sources).roots.map(({ path }) => path);
  const find = (rules: readonly Rule[], paths: readonly Uint8Array[]) =>
    rules.flatMap((rule) => {
      const why = whyNever(rule, paths);
      return why === undefined ? [] : [{ rule, why }];
    });
  return [
    ...find(parseExcludes(excludes, "--exclude"), roots),
    ...find(parseExcludes(iexcludes, "--iexclude", true), roots.map(foldCase)),
  ];
}

function whyNever({ parts, text, origin }: Rule, roots: readonly Uint8Array[]): string | undefined {
  if (/^!?~(\/|$)/.test(text))
    return `"~" is a name like any other in it; write ${origin.flag === undefined ? "$HOME" : "the whole path"}`;
  if (parts.some((part) => part !== anyDepth && isAbove(part.head) && part.middle.length === 0))
    return 'no path has ".." in it, and the pattern is relative to no folder; write the whole path';
  if (roots.some((root) => reaches(parts, root))) return undefined;
  return "it lies outside every source, or is one itself, and what is named is never left out";
}

function isAbove(name: Uint8Array): boolean {
  return name.length === 2 && name[0] === 0x2e && name[1] === 0x2e;
}

/** True when a path below `root` may match: when its names can be taken by parts, and a part is left. */
function reaches(parts: readonly Part[], root: Uint8Array): boolean {
  const slashes = findSlashes(root);
  let places = withDepth(parts, new Set([0]));
  for (let i = 0; i + 1 < slashes.length; i++) {
    const next = new Set<number>();
    for (const place of places) {
      const part = parts[place];
      if (part === anyDepth) next.add(place);
      else if (part !== undefined && nameMatches(part, root, slashes[i]! + 1, slashes[i + 1]!)) next.add(place + 1);
    }
    places = withDepth(parts, next);
  }
  return [...places].some((place) => place < parts.length);
}

/** A `**` may take nothing. */
function withDepth(parts: readonly Part[], places: Set<number>): Set<number> {
  for (const place of places) if (parts[place] === anyDepth) places.add(place + 1);
  return places;
}
