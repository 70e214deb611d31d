/**
 * Chunks and their places, in growing columns: there may be 131,072 of them in a pack, so no object for each.
 * An id takes 32 bytes here; the table of a directory keeps the first 16.
 */
import { type ChunkTable, ID_PREFIX_SIZE } from "./directory.js";

const ID_SIZE = 32;

export class ChunkColumns {
  #ids = new Uint8Array(64 * ID_SIZE);
  readonly #offsets: number[] = [];
  readonly #lengths: number[] = [];

  get count(): number {
    return this.#offsets.length;
  }

  push(id: Uint8Array, offset: number, length: number): void {
    const at = this.count * ID_SIZE;
    if (at === this.#ids.length) {
      const larger = new Uint8Array(at * 2);
      larger.set(this.#ids);
      this.#ids = larger;
    }
    this.#ids.set(id, at);
    this.#offsets.push(offset);
    this.#lengths.push(length);
  }

  /** The 32-byte id of chunk `i`; a view, valid until the next `push` or `clear`. */
  id(i: number): Uint8Array {
    return this.#ids.subarray(i * ID_SIZE, (i + 1) * ID_SIZE);
  }

  offset(i: number): number {
    return this.#offsets[i]!;
  }

  length(i: number): number {
    return this.#lengths[i]!;
  }

  clear(): void {
    this.#offsets.length = 0;
    this.#lengths.length = 0;
  }

  /** A chunk table of its own memory. */
  table(): ChunkTable {
    const ids = new Uint8Array(this.count * ID_PREFIX_SIZE);
    for (let i = 0; i < this.count; i++) ids.set(this.id(i).subarray(0, ID_PREFIX_SIZE), i * ID_PREFIX_SIZE);
    return {
      count: this.count,
      ids,
      offsets: Uint32Array.from(this.#offsets),
      lengths: Uint32Array.from(this.#lengths),
    };
  }
}
