/** Entries by name or path, and by what is known of them. */
import { decodeUtf8 } from "@bcat/errors";
import { foldCase } from "../choosing/characters.js";
import { parseExcludes } from "../choosing/exclude-pattern.js";
import { type NamePattern, nameMatches } from "../choosing/name-pattern.js";
import { anyDepth } from "../choosing/path-pattern.js";
import type { Rule } from "../choosing/rule.js";
import { compileRules } from "../exclude.js";
import { contentSize, type Node, NodeType } from "../tree/node.js";
import type { Candidate, Name } from "./candidate.js";
import type { Search } from "./snapshot-search.js";

export interface PatternSearch {
  /** As those of `--exclude`: of a name, or with a `/` of a path. One of them has to match; none matches everything. */
  readonly globs?: readonly string[];
  /** Regular expressions, of the whole path. */
  readonly expressions?: readonly Pick<RegExp, "test">[];
  readonly foldsCase?: boolean;
  readonly types?: ReadonlySet<NodeType>;
  /** Bytes, of files; nothing else has a size. */
  readonly size?: { readonly atLeast?: number | undefined; readonly atMost?: number | undefined };
  /** When it was changed, seconds since 1970. */
  readonly changed?: { readonly after?: number | undefined; readonly before?: number | undefined };
}

/** @throws BcatError usage for a malformed pattern */
export function searchByPattern(given: PatternSearch): Search {
  const { globs = [], expressions = [], foldsCase = false } = given;
  const rules = parseExcludes(globs, "find", foldsCase);
  const isByPath = expressions.length > 0 || rules.some((rule) => !isOfName(rule));
  const isNamed = isByPath ? pathTest(rules, given) : nameTest(rules, foldsCase);
  return { isByPath, matches: (candidate) => isNamed(candidate) && hasValues(candidate, given) };
}

type Test = (candidate: Candidate) => boolean;

/** It looks at nothing but the last name of a path. */
function isOfName({ parts, includes }: Rule): boolean {
  return parts.length === 2 && parts[0] === anyDepth && parts[1] !== anyDepth && !includes;
}

function nameTest(rules: readonly Rule[], foldsCase: boolean): Test {
  if (rules.length === 0) return () => true;
  const matches = ({ type }: Candidate, { bytes, start, end }: Name) =>
    rules.some(
      ({ parts, onlyDirectories }) =>
        nameMatches(parts[1] as NamePattern, bytes, start, end) && (!onlyDirectories || type === NodeType.directory),
    );
  if (!foldsCase) return (candidate) => matches(candidate, candidate.name);
  return (candidate) => {
    const { bytes, start, end } = candidate.name;
    const folded = foldCase(bytes.subarray(start, end));
    return matches(candidate, { bytes: folded, start: 0, end: folded.length });
  };
}

function pathTest(rules: readonly Rule[], { expressions = [], foldsCase = false }: PatternSearch): Test {
  const find = compileRules(rules);
  return (candidate) => {
    const own = candidate.path();
    const rule = find(foldsCase ? foldCase(own) : own, () => candidate.type === NodeType.directory);
    if (rule?.includes === false) return true;
    if (expressions.length === 0) return false;
    const text = decodeUtf8(own) ?? Buffer.from(own).toString("latin1");
    return expressions.some((expression) => expression.test(text));
  };
}

function hasValues(candidate: Candidate, { types, size, changed }: PatternSearch): boolean {
  if (types?.has(candidate.type) === false) return false;
  if (size === undefined && changed === undefined) return true;
  const node = candidate.node();
  if (size !== undefined && !isWithin(sizeOf(node), { from: size.atLeast, to: size.atMost })) return false;
  return changed === undefined || isWithin(node.mtimeSeconds, { from: changed.after, to: changed.before });
}

function isWithin(
  value: number | undefined,
  { from, to }: { from: number | undefined; to: number | undefined },
): boolean {
  return value !== undefined && (from === undefined || value >= from) && (to === undefined || value <= to);
}

function sizeOf({ content }: Node): number | undefined {
  return content === undefined ? undefined : contentSize(content);
}
