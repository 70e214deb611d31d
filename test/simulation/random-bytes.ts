/** The randomness of a machine. A machine that is resumed twice from one image draws the same bytes twice. */
export class RandomBytes {
  #state: number;
  #count = 0;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  copy(): RandomBytes {
    const copy = new RandomBytes(this.#state);
    copy.#count = this.#count;
    return copy;
  }

  next(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; i += 4) {
      const word = this.#word();
      for (let j = i; j < i + 4 && j < length; j++) bytes[j] = word >>> (8 * (j - i));
    }
    return bytes;
  }

  /** The finalizer of MurmurHash3 over a counter, twice: streams of different seeds do not meet. */
  #word(): number {
    return mix(mix(++this.#count ^ 0x5bd1e995) ^ this.#state);
  }
}

function mix(word: number): number {
  word ^= word >>> 16;
  word = Math.imul(word, 0x85ebca6b);
  word ^= word >>> 13;
  word = Math.imul(word, 0xc2b2ae35);
  return (word ^ (word >>> 16)) >>> 0;
}
