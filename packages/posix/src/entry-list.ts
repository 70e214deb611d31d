/**
 * The entries of one directory, as getdents64(2) gives them, in memory that is used again: a walk over a million files
 * makes no object for each. Names stay where the kernel wrote them, each ended by a NUL, so that they can be passed to
 * it from there.
 */
import { display } from "./name.js";

/** Bytes a list begins with; a directory of some thousand entries fits. */
const SIZE = 128 * 1024;
const COUNT = 1024;
/** Where a name begins has 32 bits: behind this it would begin anew. */
const SIZE_MAX = 2 ** 32 - 1;
/** A list that has grown beyond this is given up again at the next `clear`. */
const SIZE_KEPT_MAX = 4 * 2 ** 20;

export class EntryList {
  /** Holds the names. Replaced when the list grows. */
  bytes = new Uint8Array(new ArrayBuffer(SIZE));
  /** Where each name begins in {@link bytes}. */
  starts = new Uint32Array(COUNT);
  /** Bytes of each name. */
  lengths = new Uint16Array(COUNT);
  count = 0;
  /** Bytes in use. */
  length = 0;

  clear(): void {
    this.count = 0;
    this.length = 0;
    if (this.bytes.length <= SIZE_KEPT_MAX) return;
    this.bytes = new Uint8Array(new ArrayBuffer(SIZE));
    this.starts = new Uint32Array(COUNT);
    this.lengths = new Uint16Array(COUNT);
  }

  /** The name of entry `index`: a view, valid until the list grows or is filled again. */
  name(index: number): Uint8Array {
    const start = this.starts[index]!;
    return this.bytes.subarray(start, start + this.lengths[index]!);
  }

  /** Makes sure that `length` more bytes fit behind those in use. @throws RangeError beyond 4 GiB */
  reserve(length: number): void {
    const needed = this.length + length;
    if (needed <= this.bytes.length) return;
    if (needed > SIZE_MAX)
      throw new RangeError(`Cannot list a directory: ${needed} bytes of entries are above the limit ${SIZE_MAX}`);
    const larger = new Uint8Array(new ArrayBuffer(Math.min(SIZE_MAX, Math.max(2 * this.bytes.length, needed))));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }

  /** Notes a name that lies in the list already, with a NUL behind it. */
  note(start: number, length: number): void {
    if (length > 0xffff) throw new RangeError(`Cannot list a name of ${length} bytes`);
    if (this.count === this.starts.length) this.#growColumns();
    this.starts[this.count] = start;
    this.lengths[this.count++] = length;
  }

  /** Copies a name into the list. @throws RangeError for one that holds a NUL, which could not be passed on */
  add(name: Uint8Array): void {
    if (name.includes(0)) throw new RangeError(`Cannot list "${display(name)}": a name with NUL`);
    this.reserve(name.length + 1);
    this.bytes.set(name, this.length);
    this.bytes[this.length + name.length] = 0;
    this.note(this.length, name.length);
    this.length += name.length + 1;
  }

  #growColumns(): void {
    const starts = new Uint32Array(2 * this.starts.length);
    const lengths = new Uint16Array(2 * this.lengths.length);
    starts.set(this.starts);
    lengths.set(this.lengths);
    this.starts = starts;
    this.lengths = lengths;
  }
}
