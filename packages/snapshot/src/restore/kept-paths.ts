/**
 * Paths of the target that are kept before they are overwritten or deleted, and the folders that they lie in; each as it
 * was when the target was looked at, for nothing else may be overwritten or deleted then.
 */
import type { KeyedHash } from "@bcat/crypto";
import { FileType, type Stat } from "@bcat/posix";
import { splitPath } from "../path.js";

/** Paths that are remembered, about 60 bytes each: with more, all of the target is kept, and all may be overwritten. */
const PATHS_MAX = 2 ** 20;
/** Bytes of a hash that stand for a path. */
const KEY_SIZE = 15;
const FOLDER = 0;

export class KeptPaths {
  readonly #hash: KeyedHash;
  readonly #top: Uint8Array;
  readonly #states = new Map<string, number>();

  /** @param top absolute path of the target */
  constructor(hash: KeyedHash, top: Uint8Array) {
    this.#hash = hash;
    this.#top = top;
  }

  /** Adds a path below the top, and the folders between. */
  add(path: Uint8Array, stat: Stat): void {
    let state = stateOf(stat);
    for (let at = path; at.length > this.#top.length && this.#states.size < PATHS_MAX; at = splitPath(at).folder) {
      const key = this.#keyOf(at);
      if (this.#states.has(key)) return;
      this.#states.set(key, state);
      state = FOLDER;
    }
  }

  has(path: Uint8Array): boolean {
    return this.#states.size >= PATHS_MAX || this.#states.has(this.#keyOf(path));
  }

  /** Whether the entry is kept as it is now. Of a folder what is in it does not matter. */
  holds(path: Uint8Array, stat: Stat): boolean {
    return this.#states.size >= PATHS_MAX || this.#states.get(this.#keyOf(path)) === stateOf(stat);
  }

  #keyOf(path: Uint8Array): string {
    const { buffer, byteOffset } = this.#hash.hash(path);
    return Buffer.from(buffer, byteOffset, KEY_SIZE).toString("latin1");
  }
}

/** A number of 30 bits for which file it is, its size and its time; not of ctime, which a link made to it changes. */
function stateOf(stat: Stat): number {
  if (stat.type === FileType.DIRECTORY) return FOLDER;
  let state = 1;
  for (const part of [
    stat.inodeLow,
    stat.inodeHigh,
    stat.size,
    stat.size / 2 ** 32,
    stat.mtimeSeconds,
    stat.mtimeNanoseconds,
  ])
    state = (Math.imul(state, 0x01000193) ^ part) | 0;
  return (state >>> 2) + 1;
}
