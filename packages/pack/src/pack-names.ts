/**
 * A set of pack names that may be many: what a repository has ever condemned. A name is kept as the 24 bytes of its
 * reference (pack-name.ts), and takes 4 to 16 more of a table of open addresses; there is no text and no object for each.
 */
import { encodeReference, NAME_REFERENCE_SIZE, packName, parseObjectName } from "./pack-name.js";
import { readU32 } from "./read-u32.js";

const UNIQUE_OFFSET = 8;
const WORDS = NAME_REFERENCE_SIZE / 4;
const CAPACITY_MIN = 16;

export class PackNames implements Iterable<string> {
  #references = new Uint8Array(0);
  /** One more than the number of a name, 0 for none; at most half of them are taken. */
  #slots = new Uint32Array(0);
  #count = 0;
  readonly #wanted = new Uint8Array(NAME_REFERENCE_SIZE);

  /** @param references name references, one behind the other */
  constructor(references: Uint8Array = new Uint8Array(0)) {
    this.addAll(references);
  }

  get size(): number {
    return this.#count;
  }

  /** What the constructor makes the same set of; a copy. */
  get references(): Uint8Array {
    return this.#references.slice(0, this.#count * NAME_REFERENCE_SIZE);
  }

  /** False when it was there already. @throws RangeError for what is no object name of a pack */
  add(name: string): boolean {
    if (!this.#want(name)) throw new RangeError(`Cannot note "${name}": it is no name of a pack`);
    return this.#add(this.#wanted, 0);
  }

  /** @param references name references, one behind the other. @returns how many were new */
  addAll(references: Uint8Array): number {
    this.#reserve(this.#count + Math.floor(references.length / NAME_REFERENCE_SIZE));
    const before = this.#count;
    for (let at = 0; at < references.length; at += NAME_REFERENCE_SIZE) this.#add(references, at);
    return this.#count - before;
  }

  has(name: string): boolean {
    return this.#count > 0 && this.#want(name) && this.#slots[this.#slotOf(this.#wanted, 0)] !== 0;
  }

  *[Symbol.iterator](): Generator<string> {
    for (let i = 0; i < this.#count; i++) yield packNameAt(this.#references, i * NAME_REFERENCE_SIZE);
  }

  /** False for what is no object name of a pack. */
  #want(name: string): boolean {
    const reference = name.startsWith("packs/") ? parseObjectName(name) : undefined;
    if (reference === undefined) return false;
    encodeReference(reference, this.#wanted, 0);
    return true;
  }

  #add(source: Uint8Array, offset: number): boolean {
    this.#reserve(this.#count + 1);
    const slot = this.#slotOf(source, offset);
    if (this.#slots[slot] !== 0) return false;
    for (let i = 0; i < NAME_REFERENCE_SIZE; i++)
      this.#references[this.#count * NAME_REFERENCE_SIZE + i] = source[offset + i]!;
    this.#slots[slot] = ++this.#count;
    return true;
  }

  /** The slot of that reference, or the free one that it would get. */
  #slotOf(source: Uint8Array, offset: number): number {
    const mask = this.#slots.length - 1;
    for (let slot = hashAt(source, offset) & mask; ; slot = (slot + 1) & mask) {
      const taken = this.#slots[slot]!;
      if (taken === 0 || isEqual(this.#references, (taken - 1) * NAME_REFERENCE_SIZE, source, offset)) return slot;
    }
  }

  #reserve(count: number): void {
    if (2 * count <= this.#slots.length) return;
    const slots = 2 ** Math.ceil(Math.log2(2 * Math.max(count, CAPACITY_MIN)));
    const references = new Uint8Array((slots / 2) * NAME_REFERENCE_SIZE);
    references.set(this.#references.subarray(0, this.#count * NAME_REFERENCE_SIZE));
    this.#references = references;
    this.#slots = new Uint32Array(slots);
    for (let i = 0; i < this.#count; i++) this.#slots[this.#slotOf(references, i * NAME_REFERENCE_SIZE)] = i + 1;
  }
}

/** The object name of the pack whose name reference stands there. */
export function packNameAt(references: Uint8Array, offset: number): string {
  const session = readU32(references, offset) + readU32(references, offset + 4) * 2 ** 32;
  const unique = references.subarray(offset + UNIQUE_OFFSET, offset + NAME_REFERENCE_SIZE);
  return packName({ session, unique });
}

/** Of the unique part. It is random by rule; mixed all the same, so that others do not make the table slow. */
function hashAt(references: Uint8Array, offset: number): number {
  let hash = 0;
  for (let at = offset + UNIQUE_OFFSET; at < offset + NAME_REFERENCE_SIZE; at += 4) {
    hash = Math.imul(hash ^ readU32(references, at), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  return hash >>> 0;
}

function isEqual(a: Uint8Array, aOffset: number, b: Uint8Array, bOffset: number): boolean {
  for (let word = 0; word < WORDS; word++) {
    if (readU32(a, aOffset + 4 * word) !== readU32(b, bOffset + 4 * word)) return false;
  }
  return true;
}
