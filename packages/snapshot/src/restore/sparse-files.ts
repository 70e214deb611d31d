/**
 * Files that get holes: those that had some, or all that have zeros to spare where that is asked for. Of them a chunk of
 * nothing but zeros is known by its id: it is neither read nor written. In the others, blocks of zeros are not written.
 */
import type { KeyedHash } from "@bcat/crypto";
import type { Posix } from "@bcat/posix";
import { compareBytes } from "../tree/name.js";
import type { ChunkReference, Node } from "../tree/node.js";

/** Bytes that are left out together, at multiples of as many: those of a block of most file systems. */
const BLOCK_SIZE = 4_096;
const ZEROS = new Uint8Array(BLOCK_SIZE);

export interface SparseFilesOptions {
  /** All files, whatever they had. */
  readonly all: boolean;
  /** Of the ids of data. */
  readonly idHash: KeyedHash;
  /** Bytes of the longest chunk, which one inside a hole has. */
  readonly chunkLengthMax: number;
}

export class SparseFiles {
  readonly #options: SparseFilesOptions;
  /** Ids of zeros: as many as the longest chunk has, and as many as were asked for last. */
  #longest: Uint8Array | undefined;
  #other: ChunkReference | undefined;
  #last: ChunkReference | undefined;

  constructor(options: SparseFilesOptions) {
    this.#options = options;
  }

  has(node: Pick<Node, "hasHoles">): boolean {
    return node.hasHoles === true || this.#options.all;
  }

  /**
   * True for a chunk of which it is known that it has nothing but zeros: to find out costs hashing as many, so that it is
   * asked of those of the greatest length, and of those that are there several times in a row.
   */
  isZeros(chunk: ChunkReference): boolean {
    const { id, length } = chunk;
    if (length === this.#options.chunkLengthMax) {
      this.#longest ??= this.#idOfZeros(length);
      return compareBytes(id, this.#longest) === 0;
    }
    const isRepeated = this.#last?.length === length && compareBytes(id, this.#last.id) === 0;
    this.#last = chunk;
    if (!isRepeated) return false;
    if (this.#other?.length !== length) this.#other = { id: this.#idOfZeros(length), length };
    return compareBytes(id, this.#other.id) === 0;
  }

  #idOfZeros(length: number): Uint8Array {
    return this.#options.idHash.hash(new Uint8Array(length)).slice();
  }
}

/** Writes to a file that has nothing there yet all but the blocks of zeros. */
export function writeAroundHoles(posix: Posix, fd: number, bytes: Uint8Array, position: number): void {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const { length } = bytes;
  /** Where what is to be written begins. */
  let start = 0;
  const writeUpTo = (end: number) => {
    if (end > start) posix.writeFile(fd, bytes.subarray(start, end), position + start);
  };
  for (let at = 0; at < length; ) {
    const end = Math.min(length, at + BLOCK_SIZE - ((position + at) % BLOCK_SIZE));
    if (bytes[at] === 0 && buffer.compare(ZEROS, 0, end - at, at, end) === 0) {
      writeUpTo(at);
      start = end;
    }
    at = end;
  }
  writeUpTo(length);
}
