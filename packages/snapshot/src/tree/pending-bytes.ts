/** Bytes that come in pieces and are taken in others. Holds what was fed and not yet taken. */
export class PendingBytes {
  /** Bytes taken so far. */
  taken = 0;
  #bytes = new Uint8Array(0);
  #start = 0;
  #end = 0;

  get length(): number {
    return this.#end - this.#start;
  }

  /** What is there. Its memory is never written to again, and is as long as what was fed last, or twice what is there. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(this.#start, this.#end);
  }

  /** Copies a piece behind what is there. */
  append(piece: Uint8Array): void {
    if (this.#end + piece.length > this.#bytes.length) this.#makeRoom(piece.length);
    this.#bytes.set(piece, this.#end);
    this.#end += piece.length;
  }

  take(length: number): void {
    this.#start += length;
    this.taken += length;
  }

  #makeRoom(length: number): void {
    const kept = this.bytes;
    // Doubling, so that many small pieces of a large record are not copied again and again.
    const bytes = new Uint8Array(kept.length + Math.max(kept.length, length));
    bytes.set(kept);
    this.#bytes = bytes;
    this.#start = 0;
    this.#end = kept.length;
  }
}
