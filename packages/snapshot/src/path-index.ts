/**
 * Things that have an absolute path each, found by paths at, above or below: of tens of thousands of sources, each is
 * asked for what another list has of it. Few are gone through, and cost nothing to be put in order.
 */
import { isAtOrBelow, keyOf, keysAtOrAbove } from "./path.js";

/** So many are gone through one by one. */
const FEW = 8;
/** The character behind `/`: all that lies in a folder sorts before it. */
const BEHIND_SLASH = "0";

export class PathIndex<Item> {
  readonly #items: readonly Item[];
  readonly #pathOf: (item: Item) => Uint8Array;
  /** The first of each path; made when it is wanted. */
  #byKey: Map<string, number> | undefined;
  /** In order, each once. */
  #keys: string[] | undefined;

  constructor(items: readonly Item[], pathOf: (item: Item) => Uint8Array) {
    this.#items = items;
    this.#pathOf = pathOf;
  }

  /** The first item, in the order in which they were given, that is at `path`. */
  at(path: Uint8Array): Item | undefined {
    const index = this.#firsts().get(keyOf(path));
    return index === undefined ? undefined : this.#items[index];
  }

  /** The first that is at `path` or above it. */
  atOrAbove(path: Uint8Array): Item | undefined {
    if (this.#items.length <= FEW) return this.#items.find((item) => isAtOrBelow(path, this.#pathOf(item)));
    const firsts = this.#firsts();
    let first: number | undefined;
    for (const key of keysAtOrAbove(keyOf(path))) {
      const index = firsts.get(key);
      if (index !== undefined && (first === undefined || index < first)) first = index;
    }
    return first === undefined ? undefined : this.#items[first];
  }

  /** The first of each path at `path` or below it, in order of path. */
  atOrBelow(path: Uint8Array): Item[] {
    const firsts = this.#firsts();
    const own = keyOf(path);
    const above = own === "/" ? own : `${own}/`;
    const found: Item[] = [];
    const itself = firsts.get(own);
    if (itself !== undefined) found.push(this.#items[itself]!);
    const keys = this.#sorted();
    for (let i = firstFrom(keys, above); i < keys.length && keys[i]!.startsWith(above); i++) {
      if (keys[i] !== own) found.push(this.#items[firsts.get(keys[i]!)!]!);
    }
    return found;
  }

  /** Whether one is at `path` or below it. */
  hasAtOrBelow(path: Uint8Array): boolean {
    if (this.#items.length <= FEW) return this.#items.some((item) => isAtOrBelow(this.#pathOf(item), path));
    const own = keyOf(path);
    if (own === "/" || this.#firsts().has(own)) return true;
    const keys = this.#sorted();
    const next = keys[firstFrom(keys, `${own}/`)];
    return next !== undefined && next < own + BEHIND_SLASH;
  }

  #firsts(): Map<string, number> {
    if (this.#byKey === undefined) {
      this.#byKey = new Map();
      for (let i = this.#items.length - 1; i >= 0; i--) this.#byKey.set(keyOf(this.#pathOf(this.#items[i]!)), i);
    }
    return this.#byKey;
  }

  #sorted(): string[] {
    // One character a byte: in the order of the bytes.
    this.#keys ??= [...this.#firsts().keys()].sort();
    return this.#keys;
  }
}

/** Index of the first key that is not below `wanted`. */
function firstFrom(keys: readonly string[], wanted: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keys[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
