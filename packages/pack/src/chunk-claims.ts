/**
 * The ids of chunks that a run has stored or is storing, by their first 16 bytes, in memory that threads share. Of all
 * threads that meet a new chunk, one claims it and stores it.
 *
 *     control: i32 index of the current table | i32 claims in each table
 *     table:   slots of 4 words of an id, open addressing; 2^12 slots, and twice as many in each table after it
 *
 * A claim writes word 0 of a free slot by compare-and-exchange, words 1 and 2, and word 3 last; who meets a slot without
 * its word 3 waits for it. Words 0 and 3 are never 0 (four ids in 2^128 thereby coincide). When a table is three quarters
 * full, the next becomes current. One thread may then claim an id in the old table while another, which has not found
 * it there, claims it in the new one: both are told that it is theirs, and the chunk is stored twice, which costs its
 * space and nothing else. It is never nobody's.
 *
 * The first table is there from the start, the others when they are needed or when other threads are to join: those must
 * have them all, and go on in one that grows seldom.
 */
import { readU32 } from "./read-u32.js";

const WORDS = 4;
const FIRST_TABLE_SLOTS = 2 ** 12;
/** Room for 3 million ids: a run forgets its claims at 2 million. Beyond, every claim is granted. */
const TABLES_MAX = 10;
/** Threads begin with this one, or the last: while a table grows, two of them may be told that an id is theirs. */
const FIRST_SHARED_TABLE = 4;
const LOAD_MAX = 0.75;
/** Looks at a slot that is being written. A thread may have ended between two words: its id is passed over then. */
const LOOKS_MAX = 2 ** 24;

const CURRENT = 0;
const COUNTS = 1;

/** What other threads are given, to make a {@link ChunkClaims} of the same claims. */
export interface ClaimsMemory {
  readonly control: Int32Array;
  readonly tables: readonly Int32Array[];
}

export class ChunkClaims {
  readonly #control: Int32Array;
  readonly #tables: Int32Array[];
  /** True while no other thread knows the tables, and there is memory for more. */
  #mayGrow = false;
  #beginsAt = 0;

  /** Claims that other threads have too, by what {@link share} gave them. */
  constructor({ control, tables }: ClaimsMemory) {
    this.#control = control;
    this.#tables = [...tables];
  }

  /** Claims of a new run. Where memory cannot be reserved for all tables, there are fewer. */
  static create(): ChunkClaims {
    const control = new Int32Array(new SharedArrayBuffer((COUNTS + TABLES_MAX) * 4));
    const claims = new ChunkClaims({ control, tables: [reserveTable(0)] });
    claims.#mayGrow = true;
    return claims;
  }

  /** For other threads. Their tables' pages take memory when they are first written to. */
  share(): ClaimsMemory {
    while (this.#mayGrow) this.#reserveNext();
    this.#beginsAt = Math.min(FIRST_SHARED_TABLE, this.#tables.length - 1);
    if (this.#control[CURRENT]! < this.#beginsAt) Atomics.store(this.#control, CURRENT, this.#beginsAt);
    return { control: this.#control, tables: [...this.#tables] };
  }

  get count(): number {
    return this.#tables.reduce((sum, _, table) => sum + Atomics.load(this.#control, COUNTS + table), 0);
  }

  /** True when the id at `at` of `ids` is the caller's from now on: nobody has claimed it. */
  claim(ids: Uint8Array, at = 0): boolean {
    const control = this.#control;
    const tables = this.#tables;
    const current = Atomics.load(control, CURRENT);
    if (current === tables.length && this.#mayGrow) this.#reserveNext();
    for (let table = 0; table < current; table++) {
      if (findSlot(tables[table]!, ids, at, false) !== FREE) return false;
    }
    const last = tables[current];
    if (last === undefined) return true;
    if (findSlot(last, ids, at, true) !== CLAIMED) return false;
    const claimed = Atomics.add(control, COUNTS + current, 1) + 1;
    if (claimed >= (last.length / WORDS) * LOAD_MAX) Atomics.compareExchange(control, CURRENT, current, current + 1);
    return true;
  }

  /** True when the id at `at` of `ids` has been claimed. */
  has(ids: Uint8Array, at = 0): boolean {
    const control = this.#control;
    const tables = this.#tables;
    const current = Math.min(Atomics.load(control, CURRENT), tables.length - 1);
    for (let table = current; table >= 0; table--) {
      if (findSlot(tables[table]!, ids, at, false) !== FREE) return true;
    }
    return false;
  }

  /** Forgets all claims. Only while no other thread claims. */
  clear(): void {
    this.#tables.forEach((table, i) => {
      if (this.#control[COUNTS + i] !== 0) table.fill(0);
    });
    this.#control.fill(0);
    this.#control[CURRENT] = this.#beginsAt;
  }

  #reserveNext(): void {
    try {
      this.#tables.push(reserveTable(this.#tables.length));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.#mayGrow = false;
    }
    if (this.#tables.length === TABLES_MAX) this.#mayGrow = false;
  }
}

/** @throws RangeError when there is no memory for it */
function reserveTable(table: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(FIRST_TABLE_SLOTS * 2 ** table * WORDS * 4));
}

const FREE = 0;
const TAKEN = 1;
const CLAIMED = 2;

/** Looks for the id: {@link TAKEN} when it is there, else {@link FREE}, or {@link CLAIMED} when it `claims` the free slot. */
function findSlot(words: Int32Array, ids: Uint8Array, at: number, claims: boolean): number {
  const a = readU32(ids, at) | 0 || 1;
  const b = readU32(ids, at + 4) | 0;
  const c = readU32(ids, at + 8) | 0;
  const d = readU32(ids, at + 12) | 0 || 1;
  const mask = words.length / WORDS - 1;
  for (let slot = b & mask; ; slot = (slot + 1) & mask) {
    const i = slot * WORDS;
    let found = Atomics.load(words, i);
    if (found === 0) {
      if (!claims) return FREE;
      found = Atomics.compareExchange(words, i, 0, a);
      if (found === 0) {
        words[i + 1] = b;
        words[i + 2] = c;
        Atomics.store(words, i + 3, d);
        return CLAIMED;
      }
    }
    if (found === a && lastWord(words, i + 3) === d && words[i + 1] === b && words[i + 2] === c) return TAKEN;
  }
}

function lastWord(words: Int32Array, at: number): number {
  for (let looks = 0; looks < LOOKS_MAX; looks++) {
    const word = Atomics.load(words, at);
    if (word !== 0) return word;
  }
  return 0;
}
