/**
 * The names of a leaf as they lie in their column, docs/format.md section 12.1 column 2: bytes each. Whoever looks for one
 * among many makes no object of the others.
 */

import type { ByteReader } from "@bcat/codec";
import { compareRanges, isName, showName } from "./name.js";
import { leafNodeCountMax, nameLengthMax } from "./node.js";

export class NameColumn {
  /** The column; each name lies in it from its start to its end. */
  readonly bytes: Uint8Array;
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];

  /**
   * @param bytes the whole column
   * @param reader at its beginning
   * @throws {CorruptError} when it holds no list of names; what they may be is not looked at
   */
  constructor(bytes: Uint8Array, reader: ByteReader) {
    this.bytes = bytes;
    while (reader.remaining > 0) {
      if (this.count === leafNodeCountMax) throw reader.corrupt(`more than ${leafNodeCountMax} nodes`);
      const length = reader.varint();
      if (length > nameLengthMax) throw reader.corrupt(`a length of ${length} is above ${nameLengthMax}`);
      this.#starts.push(reader.skip(length));
      this.#ends.push(reader.position);
    }
  }

  get count(): number {
    return this.#starts.length;
  }

  startOf(position: number): number {
    return this.#starts[position]!;
  }

  endOf(position: number): number {
    return this.#ends[position]!;
  }

  /** A view of the column. */
  at(position: number): Uint8Array {
    return this.bytes.subarray(this.#starts[position], this.#ends[position]);
  }

  /** Why they cannot be those of a directory; undefined when they can. */
  findFault(): string | undefined {
    const { bytes } = this;
    for (let i = 0; i < this.count; i++) {
      const [start, end] = [this.startOf(i), this.endOf(i)];
      if (!isName(bytes, start, end)) return `${showName(this.at(i))} is not a name`;
      if (i > 0 && compareRanges(bytes, { start: this.startOf(i - 1), end: this.endOf(i - 1) }, { start, end }) >= 0)
        return `${showName(this.at(i))} follows ${showName(this.at(i - 1))}`;
    }
    return undefined;
  }
}
