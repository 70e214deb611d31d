/**
 * What belongs to the entries of one directory beside their stat data, by row: the encoded content of a file, the target
 * of a link. Comes in any order; a million files make two columns and one array of bytes, and no object for each.
 */
import { growBytes } from "./growth.js";

const ROWS = 64;
const BYTES = 4096;

const nothing = new Uint8Array(0);

/** Takes no memory before the first `set`: of most directories that a backup meets, nothing is kept. */
export class Payloads {
  #bytes = new Uint8Array(0);
  #length = 0;
  #starts = new Uint32Array(0);
  /** Behind the last byte; 0 for a row that has none yet. */
  #ends = new Uint32Array(0);
  #count = 0;
  #isEmpty = true;

  /** Makes room for `count` rows, none of which has anything. */
  reset(count: number): void {
    this.#count = count;
    this.#isEmpty = true;
  }

  /** Memory that is held, bytes. */
  get size(): number {
    return this.#bytes.length + 8 * this.#ends.length;
  }

  has(row: number): boolean {
    return !this.#isEmpty && this.#ends[row]! > 0;
  }

  /** Keeps a copy of `bytes` for the row, in place of what it had. @throws RangeError beyond 4 GiB of all rows */
  set(row: number, bytes: Uint8Array): void {
    if (this.#isEmpty) this.#begin();
    const end = this.#length + bytes.length;
    if (end > this.#bytes.length) this.#bytes = growBytes(this.#bytes, Math.max(end, BYTES), "contents");
    this.#bytes.set(bytes, this.#length);
    this.#starts[row] = this.#length;
    this.#ends[row] = end;
    this.#length = end;
  }

  /** A view, valid until the next `set` or `reset`. */
  get(row: number): Uint8Array {
    return this.#isEmpty ? nothing : this.#bytes.subarray(this.#starts[row]!, this.#ends[row]!);
  }

  #begin(): void {
    this.#isEmpty = false;
    this.#length = 1;
    if (this.#count <= this.#ends.length) this.#ends.fill(0, 0, this.#count);
    else {
      const rows = Math.max(ROWS, this.#ends.length === 0 ? this.#count : 2 * this.#count);
      this.#starts = new Uint32Array(rows);
      this.#ends = new Uint32Array(rows);
    }
  }
}
