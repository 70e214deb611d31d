/** A set of ids, by their first 16 bytes, in one table that grows: 16 bytes a slot, at most three in four taken. */
import { BcatError } from "@bcat/errors";

const WORDS = 4;
const SLOTS_MIN = 2 ** 12;
/** 512 MiB, for 25 million ids. */
export const SLOTS_MAX = 2 ** 25;

export class IdSet {
  count = 0;
  readonly #slotsMax: number;
  #table = new Uint32Array(SLOTS_MIN * WORDS);
  /** The id at hand. */
  readonly #words = new Uint32Array(WORDS);
  readonly #bytes = new Uint8Array(this.#words.buffer);

  constructor(slotsMax = SLOTS_MAX) {
    this.#slotsMax = slotsMax;
  }

  has(id: Uint8Array): boolean {
    this.#bytes.set(id.subarray(0, WORDS * 4));
    return !isFree(this.#table, slotOf(this.#table, this.#words));
  }

  /** True when it was not there. @throws BcatError refused when there are too many */
  add(id: Uint8Array): boolean {
    if (this.count * 4 >= (this.#table.length / WORDS) * 3) this.#grow();
    this.#bytes.set(id.subarray(0, WORDS * 4));
    const at = slotOf(this.#table, this.#words);
    if (!isFree(this.#table, at)) return false;
    this.#table.set(this.#words, at);
    this.count++;
    return true;
  }

  #grow(): void {
    const slots = (this.#table.length / WORDS) * 2;
    if (slots > this.#slotsMax)
      throw new BcatError("refused", `Cannot count more than ${this.count} different things: choose fewer snapshots`);
    const larger = new Uint32Array(slots * WORDS);
    for (let at = 0; at < this.#table.length; at += WORDS) {
      if (isFree(this.#table, at)) continue;
      const words = this.#table.subarray(at, at + WORDS);
      larger.set(words, slotOf(larger, words));
    }
    this.#table = larger;
  }
}

/** Nothing hashes to zeros. */
function isFree(table: Uint32Array, at: number): boolean {
  return table[at] === 0 && table[at + 1] === 0 && table[at + 2] === 0 && table[at + 3] === 0;
}

/** Where an id stands in the table, or would. */
function slotOf(table: Uint32Array, words: Uint32Array): number {
  const mask = table.length / WORDS - 1;
  for (let slot = words[0]! & mask; ; slot = (slot + 1) & mask) {
    const at = slot * WORDS;
    if (isFree(table, at)) return at;
    if (isAt(table, at, words)) return at;
  }
}

function isAt(table: Uint32Array, at: number, words: Uint32Array): boolean {
  for (let i = 0; i < WORDS; i++) if (table[at + i] !== words[i]) return false;
  return true;
}
