/**
 * Chunks and their places, in growing columns: there may be 131,072 of them in a pack, so no object for each. A pack being
 * built keeps 16 bytes of an id, as its directory does; a frame being built all 32, to compare them.
 */
import type { ChunkTable } from "./directory.js";

export class ChunkColumns {
  readonly idSize: number;
  #count = 0;
  #ids: Uint8Array;
  #offsets: Uint32Array;
  #lengths: Uint32Array;

  constructor(idSize: number, capacity = 64) {
    this.idSize = idSize;
    this.#ids = new Uint8Array(capacity * idSize);
    this.#offsets = new Uint32Array(capacity);
    this.#lengths = new Uint32Array(capacity);
  }

  get count(): number {
    return this.#count;
  }

  push(id: Uint8Array, offset: number, length: number): void {
    this.#reserve(1);
    this.#ids.set(id, this.#count * this.idSize);
    this.#offsets[this.#count] = offset;
    this.#lengths[this.#count] = length;
    this.#count++;
  }

  /** Appends the chunks of a table whose ids are as long as those here, each `base` bytes further. */
  append(table: ChunkTable, base: number): void {
    const { count, ids, offsets, lengths } = table;
    this.#reserve(count);
    this.#ids.set(ids.subarray(0, count * this.idSize), this.#count * this.idSize);
    this.#lengths.set(lengths.subarray(0, count), this.#count);
    for (let i = 0; i < count; i++) this.#offsets[this.#count + i] = base + offsets[i]!;
    this.#count += count;
  }

  clear(): void {
    this.#count = 0;
  }

  /** The columns themselves: views, valid until the next `push`, `append` or `clear`. */
  view(): ChunkTable {
    const count = this.#count;
    return {
      count,
      ids: this.#ids.subarray(0, count * this.idSize),
      offsets: this.#offsets.subarray(0, count),
      lengths: this.#lengths.subarray(0, count),
    };
  }

  /** A copy in memory of its own. */
  table(): ChunkTable {
    const { count, ids, offsets, lengths } = this.view();
    return { count, ids: ids.slice(), offsets: offsets.slice(), lengths: lengths.slice() };
  }

  #reserve(more: number): void {
    const needed = this.#count + more;
    if (needed <= this.#offsets.length) return;
    const capacity = Math.max(needed, 2 * this.#offsets.length);
    const { ids, offsets, lengths } = this.view();
    this.#ids = new Uint8Array(capacity * this.idSize);
    this.#offsets = new Uint32Array(capacity);
    this.#lengths = new Uint32Array(capacity);
    this.#ids.set(ids);
    this.#offsets.set(offsets);
    this.#lengths.set(lengths);
  }
}
