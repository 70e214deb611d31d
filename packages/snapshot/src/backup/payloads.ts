/**
 * What belongs to the entries of one directory beside their stat data, by row: the encoded content of a file, the target
 * of a link. Comes in any order; a million files make two columns and one array of bytes, and no object for each.
 */
import { growBytes } from "./growth.js";

const ROWS = 64;
const BYTES = 4096;

export class Payloads {
  #bytes = new Uint8Array(BYTES);
  #length = 0;
  #starts = new Uint32Array(ROWS);
  /** Behind the last byte; 0 for a row that has none yet. */
  #ends = new Uint32Array(ROWS);

  /** Makes room for `count` rows, none of which has anything. */
  reset(count: number): void {
    this.#length = 1;
    if (count > this.#ends.length) {
      this.#starts = new Uint32Array(2 * count);
      this.#ends = new Uint32Array(2 * count);
    } else this.#ends.fill(0, 0, count);
  }

  /** Memory that is held, bytes. */
  get size(): number {
    return this.#bytes.length + 8 * this.#ends.length;
  }

  has(row: number): boolean {
    return this.#ends[row]! > 0;
  }

  /** Keeps a copy of `bytes` for the row, in place of what it had. @throws RangeError beyond 4 GiB of all rows */
  set(row: number, bytes: Uint8Array): void {
    const end = this.#length + bytes.length;
    if (end > this.#bytes.length) this.#bytes = growBytes(this.#bytes, end, "contents");
    this.#bytes.set(bytes, this.#length);
    this.#starts[row] = this.#length;
    this.#ends[row] = end;
    this.#length = end;
  }

  /** A view, valid until the next `set` or `reset`. */
  get(row: number): Uint8Array {
    return this.#bytes.subarray(this.#starts[row]!, this.#ends[row]!);
  }
}
