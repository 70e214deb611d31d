/** Bytes that come one after another, in pieces of any length, taken in pieces of other lengths. */

export class ByteSource {
  readonly #pieces: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);
  #isOver = false;
  /** Bytes taken. */
  position = 0;

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  /** The next bytes, at most `max`; none at the end. A view that stays as it is. */
  async some(max: number): Promise<Uint8Array> {
    while (this.#rest.length === 0 && !this.#isOver) {
      const { value, done } = await this.#pieces.next();
      if (done === true) this.#isOver = true;
      else this.#rest = value;
    }
    const bytes = this.#rest.subarray(0, max);
    this.#rest = this.#rest.subarray(bytes.length);
    this.position += bytes.length;
    return bytes;
  }

  /** The next `length` bytes, or all that are left. */
  async take(length: number): Promise<Uint8Array> {
    const first = await this.some(length);
    if (first.length === length || first.length === 0) return first;
    const bytes = new Uint8Array(length);
    bytes.set(first);
    let filled = first.length;
    while (filled < length) {
      const more = await this.some(length - filled);
      if (more.length === 0) return bytes.subarray(0, filled);
      bytes.set(more, filled);
      filled += more.length;
    }
    return bytes;
  }
}
