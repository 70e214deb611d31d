/** The names that a directory had before anything was restored into it, in order of their bytes, in one piece of memory. */
import { type Directory, EntryList, type Posix } from "@bcat/posix";
import { orderEntries } from "../backup/entry-order.js";

export class OldNames {
  readonly #names: Uint8Array;
  /** Where each name ends in {@link #names}. */
  readonly #ends: Uint32Array;

  private constructor(names: Uint8Array, ends: Uint32Array) {
    this.#names = names;
    this.#ends = ends;
  }

  /** @param list memory to list into, which can be used again afterwards */
  static read(posix: Posix, directory: Directory, list: EntryList = new EntryList()): OldNames {
    posix.readEntries(directory, list);
    const order = orderEntries(list);
    const ends = new Uint32Array(order.length);
    let end = 0;
    for (let i = 0; i < order.length; i++) ends[i] = end += list.lengths[order[i]!]!;
    const names = new Uint8Array(end);
    for (let i = 0; i < order.length; i++) names.set(list.name(order[i]!), i === 0 ? 0 : ends[i - 1]!);
    return new OldNames(names, ends);
  }

  get count(): number {
    return this.#ends.length;
  }

  /** A view of the name at `index`. */
  name(index: number): Uint8Array {
    return this.#names.subarray(index === 0 ? 0 : this.#ends[index - 1]!, this.#ends[index]!);
  }

  /** Where the name is, or -1. Byte by byte: to a file system that folds case it may be there all the same. */
  indexOf(name: Uint8Array): number {
    let low = 0;
    for (let high = this.count - 1; low <= high; ) {
      const middle = (low + high) >>> 1;
      const difference = this.#compare(middle, name);
      if (difference === 0) return middle;
      if (difference < 0) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  has(name: Uint8Array): boolean {
    return this.indexOf(name) >= 0;
  }

  #compare(index: number, name: Uint8Array): number {
    const start = index === 0 ? 0 : this.#ends[index - 1]!;
    const length = this.#ends[index]! - start;
    const shared = Math.min(length, name.length);
    for (let i = 0; i < shared; i++) {
      const difference = this.#names[start + i]! - name[i]!;
      if (difference !== 0) return difference;
    }
    return length - name.length;
  }
}
