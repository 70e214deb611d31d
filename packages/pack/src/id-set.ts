/**
 * A set of chunk ids, by their first 16 bytes: open addressing in one array of words, no object for an id. Ids are
 * keyed hashes, so their words are the hash. 16 bytes a slot, at most three quarters full.
 */
import { readU32 } from "./read-u32.js";

const WORDS = 4;
const INITIAL_SLOTS = 1 << 12;

export class IdSet {
  #slots = INITIAL_SLOTS;
  #words = new Uint32Array(new SharedArrayBuffer(INITIAL_SLOTS * WORDS * 4));
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(id: Uint8Array): boolean {
    return this.#words[this.#find(firstWord(id), readU32(id, 4), readU32(id, 8), readU32(id, 12))] !== 0;
  }

  /** Adds the id; false when it was there. */
  add(id: Uint8Array): boolean {
    const words = this.#words;
    const at = this.#find(firstWord(id), readU32(id, 4), readU32(id, 8), readU32(id, 12));
    if (words[at] !== 0) return false;
    words[at] = firstWord(id);
    for (let i = 1; i < WORDS; i++) words[at + i] = readU32(id, 4 * i);
    if (++this.#size > this.#slots * 0.75) this.#grow();
    return true;
  }

  /** Index of the slot that holds the id, or of the free one where it belongs. */
  #find(w0: number, w1: number, w2: number, w3: number): number {
    const words = this.#words;
    const mask = this.#slots - 1;
    for (let slot = w1 & mask; ; slot = (slot + 1) & mask) {
      const at = slot * WORDS;
      if (words[at] === 0) return at;
      if (words[at] === w0 && words[at + 1] === w1 && words[at + 2] === w2 && words[at + 3] === w3) return at;
    }
  }

  #grow(): void {
    const old = this.#words;
    this.#slots *= 2;
    this.#words = new Uint32Array(new SharedArrayBuffer(this.#slots * WORDS * 4));
    for (let from = 0; from < old.length; from += WORDS) {
      if (old[from] === 0) continue;
      const at = this.#find(old[from]!, old[from + 1]!, old[from + 2]!, old[from + 3]!);
      this.#words.set(old.subarray(from, from + WORDS), at);
    }
  }
}

/** Never 0, which marks a free slot (two ids in 2^128 thereby coincide). */
function firstWord(id: Uint8Array): number {
  return readU32(id, 0) || 1;
}
