const SIZE_MIN = 4096;

/**
 * Memory that is used again and again, as much as was ever asked for: a run of a few small files does not pay for what
 * only large ones need.
 */
export class Scratch {
  readonly #sizeMax: number;
  #bytes = new Uint8Array(0);

  /** @param sizeMax bytes that are ever asked for; growing by doubling ends there */
  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax;
  }

  /** At least `length` bytes, valid until more are taken. The first `kept` of what was taken before are still in them. */
  take(length: number, kept = 0): Uint8Array {
    if (length > this.#bytes.length) {
      if (length > this.#sizeMax) throw new RangeError(`${length} bytes are more than ${this.#sizeMax}`);
      const grown = new Uint8Array(Math.min(this.#sizeMax, Math.max(length, 2 * this.#bytes.length, SIZE_MIN)));
      grown.set(this.#bytes.subarray(0, kept));
      this.#bytes = grown;
    }
    return this.#bytes;
  }
}
