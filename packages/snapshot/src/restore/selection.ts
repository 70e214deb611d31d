/**
 * Which entries a restore takes, by restic's patterns: with `include`, what matches and all that is below it; without,
 * everything; and of that what no `exclude` matches. Paths are those of the snapshot, or start at the folder whose contents
 * are restored. A folder that is only on the way to what is included is taken when there is something in it.
 */
import { BcatError, isBcatError } from "@bcat/errors";
import { foldCase, foldText } from "../choosing/characters.js";
import { compileExcludes, type ExcludeTest } from "../exclude.js";
import { componentsOf, joinPath } from "../path.js";

export interface SelectionPatterns {
  readonly includes?: readonly string[];
  readonly excludes?: readonly string[];
  /** Patterns that do not heed case. */
  readonly iincludes?: readonly string[];
  readonly iexcludes?: readonly string[];
}

/** `passed`: only what is below it may be taken. */
export type Judgement = "taken" | "passed" | "left";

/** What one list of patterns says; `taken back` by one that begins with `!`. */
type Finding = "match" | "taken back" | "none";

type Find = (path: Uint8Array, isDirectory: () => boolean) => Finding;

export class Selection {
  /** True when all that is below a taken folder is taken, without a look. */
  readonly takesWhole: boolean;
  readonly #includes: readonly Find[];
  readonly #excludes: readonly ExcludeTest[];
  readonly #ways: readonly WayTest[];
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
    this.#includes = lists.flatMap((list, i) => (list.length === 0 ? [] : [finder(list, folds[i]!)]));
    this.#ways = lists.flatMap((list, i) => (list.length === 0 ? [] : [wayTest(list, folds[i]!)]));
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
    let judgement = this.#include(at, "passed");
    for (const [i, name] of names.entries()) {
      if (judgement === "left") return "left";
      at = { path: joinPath(at.path, name), isDirectory: isDirectory || i < names.length - 1 };
      judgement = isExcluded(at) ? "left" : this.#include(at, judgement);
    }
    return judgement;
  }

  /** What becomes of an entry in a folder that is `taken` or `passed`. */
  judge(given: Uint8Array, isDirectory: boolean, folder: Judgement): Judgement {
    const path = this.#base === 0 ? given : this.#below(given);
    return this.#isExcluded(path, isDirectory) ? "left" : this.#include({ path, isDirectory }, folder);
  }

  #below(path: Uint8Array): Uint8Array {
    let at = 0;
    for (let left = this.#base; left > 0; left--) at = path.indexOf(SLASH, at + 1);
    return path.subarray(at);
  }

  #isExcluded(path: Uint8Array, isDirectory: boolean): boolean {
    return this.#excludes.some((test) => test(path, () => isDirectory));
  }

  #include({ path, isDirectory }: Step, folder: Judgement): Judgement {
    if (this.#includes.length === 0) return "taken";
    // No pattern means `/` alone.
    const findings = path.length > 1 ? this.#includes.map((find) => find(path, () => isDirectory)) : [];
    if (findings.includes("match")) return "taken";
    if (folder === "taken" && !findings.includes("taken back")) return "taken";
    return isDirectory && this.#ways.some((leads) => leads(path)) ? "passed" : "left";
  }
}

interface Step {
  readonly path: Uint8Array;
  readonly isDirectory: boolean;
}

const SLASH = 0x2f;
const ROOT = Uint8Array.of(SLASH);

function finder(patterns: readonly string[], folds: boolean): Find {
  const matches = compile(patterns, folds)!;
  // Where also a pattern for everything, before all others, does not match, one that begins with `!` has.
  const matchesOrIsFree = compile(["*", ...patterns], folds)!;
  return (path, isDirectory) => {
    if (matches(path, isDirectory)) return "match";
    return matchesOrIsFree(path, isDirectory) ? "none" : "taken back";
  };
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

export function compilePatterns(patterns: readonly string[]): ExcludeTest | undefined {
  try {
    return compileExcludes(patterns);
  } catch (error) {
    if (!isBcatError(error, "usage")) throw error;
    throw new BcatError("usage", error.message.replace("exclude pattern", "pattern"), { cause: error });
  }
}
