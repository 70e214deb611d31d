/**
 * Which entries a restore takes, by restic's patterns: with `include`, what matches and all that is below it; without,
 * everything; and of that what no `exclude` matches. Paths are those of the snapshot, or start at the folder whose contents
 * are restored. A folder that is only on the way to what is included is taken when there is something in it.
 */
import { BcatError, isBcatError } from "@bcat/errors";
import { foldCase, foldText } from "../choosing/characters.js";
import { parseExcludes } from "../choosing/exclude-pattern.js";
import type { Rule } from "../choosing/rule.js";
import { compileExcludes, compileRules, type ExcludeTest, type FindRule } from "../exclude.js";
import { componentsOf, joinPath } from "../path.js";

export interface SelectionPatterns {
  readonly includes?: readonly string[];
  readonly excludes?: readonly string[];
  /** Patterns that do not heed case. */
  readonly iincludes?: readonly string[];
  readonly iexcludes?: readonly string[];
}

export interface Judgement {
  /** `passed`: only what is below it may be taken. */
  readonly becomes: "taken" | "passed" | "left";
  /** Of each list of patterns that include: see {@link IncludeList}. What is below starts from there. */
  readonly ranks: readonly number[];
}

export class Selection {
  /** True when all that is below a taken folder is taken, without a look. */
  readonly takesWhole: boolean;
  readonly #includes: readonly IncludeList[];
  readonly #excludes: readonly ExcludeTest[];
  /** Names in front of the paths that patterns are about. */
  readonly #base: number;

  /**
   * @param base the folder whose contents are restored; `/` when patterns are about whole paths
   * @throws BcatError usage for a malformed pattern
   */
  constructor(patterns: SelectionPatterns, base: Uint8Array) {
    const { includes = [], excludes = [], iincludes = [], iexcludes = [] } = patterns;
    const lists = [includes, iincludes.map(foldText)].map((list) => list.filter((pattern) => pattern !== ""));
    const folds = [false, true];
    this.#includes = lists.flatMap((list, i) => (list.length === 0 ? [] : [new IncludeList(list, folds[i]!)]));
    this.#excludes = [compile(excludes, false), compile(iexcludes.map(foldText), true)].filter(
      (test) => test !== undefined,
    );
    this.#base = componentsOf(base).length;
    const takesBack = lists.flat().some((pattern) => pattern.startsWith("!"));
    this.takesWhole = this.#excludes.length === 0 && !takesBack;
  }

  /** What becomes of an entry that a restore begins with, of which the folders above count too. */
  begin(path: Uint8Array, isDirectory: boolean): Judgement {
    return this.#descend(path, isDirectory, (at) => this.#isExcluded(at.path, at.isDirectory));
  }

  /** The same for one that is restored whatever is excluded: that was asked for by name, or is in the restore. */
  beginNamed(path: Uint8Array, isDirectory: boolean): Judgement {
    return this.#descend(path, isDirectory, () => false);
  }

  #descend(path: Uint8Array, isDirectory: boolean, isExcluded: (at: Step) => boolean): Judgement {
    const names = componentsOf(path).slice(this.#base);
    let at: Step = { path: ROOT, isDirectory: true };
    let judgement = this.#include(
      at,
      this.#includes.map(() => NONE),
    );
    for (const [i, name] of names.entries()) {
      if (judgement.becomes === "left") return judgement;
      at = { path: joinPath(at.path, name), isDirectory: isDirectory || i < names.length - 1 };
      judgement = isExcluded(at) ? LEFT : this.#include(at, judgement.ranks);
    }
    return judgement;
  }

  /** What becomes of an entry in a folder that is `taken` or `passed`. */
  judge(given: Uint8Array, isDirectory: boolean, folder: Judgement): Judgement {
    const path = this.#base === 0 ? given : this.#below(given);
    return this.#isExcluded(path, isDirectory) ? LEFT : this.#include({ path, isDirectory }, folder.ranks);
  }

  #below(path: Uint8Array): Uint8Array {
    let at = 0;
    for (let left = this.#base; left > 0; left--) at = path.indexOf(SLASH, at + 1);
    return path.subarray(at);
  }

  #isExcluded(path: Uint8Array, isDirectory: boolean): boolean {
    return this.#excludes.some((test) => test(path, () => isDirectory));
  }

  /** @param above ranks in the folder that the entry is in */
  #include({ path, isDirectory }: Step, above: readonly number[]): Judgement {
    if (this.#includes.length === 0) return ALL;
    // No pattern means `/` alone.
    const ranks =
      path.length > 1 ? this.#includes.map((list, i) => Math.max(above[i]!, list.rank(path, isDirectory))) : above;
    if (this.#includes.some((list, i) => list.takes(ranks[i]!))) return { becomes: "taken", ranks };
    const leadsOn = isDirectory && this.#includes.some((list, i) => list.leadsOn(path, ranks[i]!));
    return { becomes: leadsOn ? "passed" : "left", ranks };
  }
}

interface Step {
  readonly path: Uint8Array;
  readonly isDirectory: boolean;
}

const SLASH = 0x2f;
const ROOT = Uint8Array.of(SLASH);

/** The rank where no pattern has matched. */
const NONE = -1;
const LEFT: Judgement = { becomes: "left", ranks: [] };
const ALL: Judgement = { becomes: "taken", ranks: [] };

/**
 * Patterns of one flag. What decides about an entry is the last of them that matches it or a folder above it: the highest
 * rank that was met on the way.
 */
class IncludeList {
  readonly #find: FindRule;
  readonly #ranks: ReadonlyMap<Rule, number>;
  readonly #rules: readonly Rule[];
  readonly #lastTaking: number;
  readonly #leads: WayTest;

  constructor(patterns: readonly string[], folds: boolean) {
    this.#rules = parsePatterns(patterns);
    this.#ranks = new Map(this.#rules.map((rule, rank) => [rule, rank]));
    this.#lastTaking = this.#rules.findLastIndex((rule) => !takesBack(rule));
    const find = compileRules(this.#rules);
    this.#find = folds ? (path, isDirectory) => find(foldCase(path), isDirectory) : find;
    this.#leads = wayTest(patterns, folds);
  }

  /** Of the last pattern that matches the entry itself. */
  rank(path: Uint8Array, isDirectory: boolean): number {
    const rule = this.#find(path, () => isDirectory);
    return rule === undefined ? NONE : this.#ranks.get(rule)!;
  }

  takes(rank: number): boolean {
    return rank !== NONE && !takesBack(this.#rules[rank]!);
  }

  /** Whether something that is taken may be below a folder that is not. */
  leadsOn(path: Uint8Array, rank: number): boolean {
    return rank < this.#lastTaking && this.#leads(path);
  }
}

/** A pattern that begins with `!`: of one that excludes, it is what includes. */
function takesBack({ includes }: Rule): boolean {
  return includes;
}

/** Whether something that is included may be below the folder. */
type WayTest = (path: Uint8Array) => boolean;

/** Patterns from the root of the file system on lead through few folders: no other is read for them. */
function wayTest(patterns: readonly string[], folds: boolean): WayTest {
  const ways: string[] = [];
  for (const pattern of patterns.filter((one) => !one.startsWith("!"))) {
    if (!pattern.startsWith("/")) return () => true;
    const names = pattern.split("/").filter((name) => name !== "" && name !== ".");
    if (names.includes("..")) return () => true;
    const open = names.indexOf("**");
    const literal = open < 0 ? names : names.slice(0, open);
    literal.forEach((_, i) => {
      ways.push(`/${literal.slice(0, i + 1).join("/")}`);
    });
    if (open >= 0) ways.push(`${literal.map((name) => `/${name}`).join("")}/**`);
  }
  const leads = compile(ways, folds);
  return (path) => path.length === 1 || leads?.(path, () => true) === true;
}

function compile(patterns: readonly string[], folds: boolean): ExcludeTest | undefined {
  const test = compilePatterns(patterns);
  if (test === undefined || !folds) return test;
  return (path, isDirectory) => test(foldCase(path), isDirectory);
}

/** @throws BcatError usage for a malformed pattern */
export function compilePatterns(patterns: readonly string[]): ExcludeTest | undefined {
  return inWords(() => compileExcludes(patterns));
}

function parsePatterns(patterns: readonly string[]): Rule[] {
  return parseExcludes(patterns, "--include");
}

function inWords<T>(compileAll: () => T): T {
  try {
    return compileAll();
  } catch (error) {
    if (!isBcatError(error, "usage")) throw error;
    throw new BcatError("usage", error.message.replace("exclude pattern", "pattern"), { cause: error });
  }
}
