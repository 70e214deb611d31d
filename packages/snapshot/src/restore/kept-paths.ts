/** Paths of the target that are kept before they are overwritten, and the folders that they lie in. */
import type { KeyedHash } from "@bcat/crypto";
import { splitPath } from "../path.js";

/** Paths that are remembered, about 70 bytes each: with more, all of the target is kept. */
const PATHS_MAX = 2 ** 20;
/** Bytes of a hash that stand for a path. */
const KEY_SIZE = 15;

export class KeptPaths {
  readonly #hash: KeyedHash;
  readonly #top: Uint8Array;
  readonly #keys = new Set<string>();

  /** @param top absolute path of the target */
  constructor(hash: KeyedHash, top: Uint8Array) {
    this.#hash = hash;
    this.#top = top;
  }

  /** Adds a path below the top, and the folders between. */
  add(path: Uint8Array): void {
    for (let at = path; at.length > this.#top.length && this.#keys.size < PATHS_MAX; at = splitPath(at).folder) {
      const key = this.#keyOf(at);
      if (this.#keys.has(key)) return;
      this.#keys.add(key);
    }
  }

  has(path: Uint8Array): boolean {
    return this.#keys.size >= PATHS_MAX || this.#keys.has(this.#keyOf(path));
  }

  #keyOf(path: Uint8Array): string {
    const { buffer, byteOffset } = this.#hash.hash(path);
    return Buffer.from(buffer, byteOffset, KEY_SIZE).toString("latin1");
  }
}
