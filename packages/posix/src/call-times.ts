/** Times on their way to the C library: two struct timespec of {i64 seconds, i64 nanoseconds}, atime and mtime. */
import type { Libc } from "./libc.js";
import { checkTime } from "./time.js";

const TIMES_SIZE = 32;
const TWO_32 = 0x1_0000_0000;

/** One pair, both the same. The next one takes its place. */
export class CallTimes {
  readonly at: number;
  readonly #words = new Int32Array(new ArrayBuffer(TIMES_SIZE));

  constructor(libc: Pick<Libc, "address">) {
    this.at = libc.address(this.#words.buffer);
  }

  /** @throws RangeError for what is no time */
  put(seconds: number, nanoseconds: number): void {
    checkTime(seconds, nanoseconds);
    for (let word = 0; word < 8; word += 4) {
      this.#words[word] = seconds;
      this.#words[word + 1] = Math.floor(seconds / TWO_32);
      this.#words[word + 2] = nanoseconds;
    }
  }
}
