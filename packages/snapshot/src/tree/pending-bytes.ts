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

  at(index: number): number {
    return this.#bytes[this.#start + index]!;
  }

  append(piece: Uint8Array): void {
    if (this.#end + piece.length > this.#bytes.length) this.#makeRoom(piece.length);
    this.#bytes.set(piece, this.#end);
    this.#end += piece.length;
  }

  /** A copy, which outlives the next piece. */
  take(length: number): Uint8Array {
    const taken = this.#bytes.slice(this.#start, this.#start + length);
    this.#start += length;
    this.taken += length;
    return taken;
  }

  #makeRoom(length: number): void {
    const kept = this.#bytes.subarray(this.#start, this.#end);
    const needed = kept.length + length;
    // Doubling, so that many small pieces of a large record are not copied again and again.
    const bytes = needed <= this.#bytes.length / 2 ? this.#bytes : new Uint8Array(needed * 2);
    bytes.set(kept);
    this.#bytes = bytes;
    this.#start = 0;
    this.#end = kept.length;
  }
}
