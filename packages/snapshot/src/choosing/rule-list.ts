/**
 * Many rules at once, of which the last that matches decides. What there is to know of a folder is found out once for
 * all its entries: of a rule, only the pattern of the last name is left then. And of the rules for a name at any depth,
 * which most are, an entry is compared with those only that have its first and last letter:
 *
 *     foo        by length, first and last byte       *.o     by its last two bytes
 *     core.*     by its first byte                    *a*     one after the other
 *
 * Rules for a name in one folder (`/home/me/x`) are found by the path of the folder.
 */
import { foldCase } from "./characters.js";
import { isLiteral, type NamePattern, nameMatches } from "./name-pattern.js";
import { anyDepth, findSlashes, type Part, pathMatches } from "./path-pattern.js";
import type { Rule } from "./rule.js";

/** A rule with its place in the list: the higher wins. */
interface Ranked {
  readonly rule: Rule;
  readonly rank: number;
}

/** What is left of a rule in a folder: a pattern of the entry's name, or undefined where all entries match. */
interface Live extends Ranked {
  readonly name: NamePattern | undefined;
}

export class RuleList {
  /** For names at any depth. */
  readonly #anywhere = new NameIndex();
  /** For names in one folder, by its path in latin1. */
  readonly #inFolder = new Map<string, Live[]>();
  /** All others. */
  readonly #others: Ranked[] = [];
  readonly #foldsCase: boolean;
  readonly #plain: FolderRules;

  /** @param options `foldsCase`: the rules are in lower case, and names are compared as if they were */
  constructor(rules: readonly Rule[], { foldsCase = false }: { readonly foldsCase?: boolean } = {}) {
    this.#foldsCase = foldsCase;
    this.#plain = new FolderRules(this.#anywhere, [], foldsCase);
    rules.forEach((rule, rank) => {
      this.#add({ rule, rank });
    });
  }

  /** The rules that may match entries of the folder at `path`: absolute, or from the folder the rules are about on. */
  in(path: Uint8Array): FolderRules {
    const folder = this.#foldsCase ? foldCase(path) : path;
    const key = this.#inFolder.size === 0 ? undefined : latin1(folder);
    const found: Live[] = key === undefined ? [] : [...(this.#inFolder.get(key) ?? [])];
    if (this.#others.length > 0) {
      const slashes = findSlashes(folder);
      for (const ranked of this.#others) {
        const live = liveIn(ranked, folder, slashes);
        if (live !== undefined) found.push(live);
      }
    }
    if (found.length === 0) return this.#plain;
    return new FolderRules(this.#anywhere, found.sort(highestFirst), this.#foldsCase);
  }

  #add(ranked: Ranked): void {
    const { parts } = ranked.rule;
    const [first] = parts;
    const last = parts.at(-1);
    const name = last === anyDepth ? undefined : last;
    if (first === anyDepth && parts.length === 2 && name !== undefined) {
      this.#anywhere.add({ ...ranked, name });
      return;
    }
    const folder = name === undefined ? undefined : literalPath(parts.slice(0, -1));
    if (folder === undefined) this.#others.push(ranked);
    else this.#inFolder.set(folder, [...(this.#inFolder.get(folder) ?? []), { ...ranked, name }]);
  }
}

/** The rules for the entries of one folder. */
export class FolderRules {
  readonly #anywhere: NameIndex;
  readonly #live: readonly Live[];
  readonly #foldsCase: boolean;

  /** @param live the highest first */
  constructor(anywhere: NameIndex, live: readonly Live[], foldsCase: boolean) {
    this.#anywhere = anywhere;
    this.#live = live;
    this.#foldsCase = foldsCase;
  }

  /** The rule that decides about an entry. `isDirectory` is called only when the answer depends on it. */
  find(given: Uint8Array, isDirectory: () => boolean): Rule | undefined {
    const name = this.#foldsCase ? foldCase(given) : given;
    const found = this.#live.find((live) => applies(live, name, isDirectory));
    return this.#anywhere.find(name, isDirectory, found)?.rule;
  }
}

/** Patterns of names, found by what they begin and end with. */
class NameIndex {
  readonly #literals = new Map<number, Live[]>();
  readonly #tails = new Map<number, Live[]>();
  readonly #heads = new Map<number, Live[]>();
  readonly #others: Live[] = [];

  add(live: Live & { readonly name: NamePattern }): void {
    const { head, tail } = live.name;
    // The highest first: later ones come before.
    if (isLiteral(live.name)) put(this.#literals, literalKey(head), live);
    else if (tail.length > 0) put(this.#tails, tailKey(tail, Math.min(tail.length, 2)), live);
    else if (head.length > 0) put(this.#heads, head[0]!, live);
    else this.#others.unshift(live);
  }

  /** The highest that applies, if it is above `best`; else `best`. */
  find(name: Uint8Array, isDirectory: () => boolean, best: Live | undefined): Live | undefined {
    let found = best;
    const look = (candidates: readonly Live[] | undefined) => {
      if (candidates === undefined) return;
      for (const live of candidates) {
        if (found !== undefined && live.rank < found.rank) return;
        if (applies(live, name, isDirectory)) found = live;
      }
    };
    look(this.#literals.get(literalKey(name)));
    if (this.#tails.size > 0) {
      look(this.#tails.get(tailKey(name, 1)));
      if (name.length > 1) look(this.#tails.get(tailKey(name, 2)));
    }
    look(this.#heads.get(name[0]!));
    look(this.#others);
    return found;
  }
}

function put(index: Map<number, Live[]>, key: number, live: Live): void {
  const found = index.get(key);
  if (found === undefined) index.set(key, [live]);
  else found.unshift(live);
}

function literalKey(name: Uint8Array): number {
  return (name.length << 16) | (name[0]! << 8) | name[name.length - 1]!;
}

function tailKey(bytes: Uint8Array, count: number): number {
  const last = bytes[bytes.length - 1]!;
  return count === 1 ? last : ((bytes[bytes.length - 2]! + 1) << 8) | last;
}

function applies({ rule, name }: Live, given: Uint8Array, isDirectory: () => boolean): boolean {
  // What lies below a folder that is taken back lies in a folder.
  if (name === undefined) return !rule.onlyDirectories || rule.includes || isDirectory();
  return nameMatches(name, given, 0, given.length) && (!rule.onlyDirectories || isDirectory());
}

/** What is left of a rule for the entries of a folder, of whose path `slashes` are found. */
function liveIn({ rule, rank }: Ranked, folder: Uint8Array, slashes: readonly number[]): Live | undefined {
  const { parts } = rule;
  const count = slashes.length - 1;
  if (parts.at(-1) === anyDepth && pathMatches(parts, folder, slashes, count)) return { rule, rank, name: undefined };
  const end = parts.at(-1) === anyDepth ? parts.length - 1 : parts.length;
  const last = parts[end - 1];
  if (last === undefined || last === anyDepth) return undefined;
  return pathMatches(parts.slice(0, end - 1), folder, slashes, count) ? { rule, rank, name: last } : undefined;
}

/** The path, in latin1, of a folder that literal names lead to. */
function literalPath(parts: readonly Part[]): string | undefined {
  const names: string[] = [];
  for (const part of parts) {
    if (part === anyDepth || !isLiteral(part)) return undefined;
    names.push(latin1(part.head));
  }
  return `/${names.join("/")}`;
}

function highestFirst(a: Live, b: Live): number {
  return b.rank - a.rank;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}
