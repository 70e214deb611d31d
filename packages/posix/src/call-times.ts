/** Times on their way to the C library: two struct timespec of {i64 seconds, i64 nanoseconds}, atime and mtime. */
import type { Libc } from "./libc.js";
import { checkTime, type Time } from "./time.js";

const TIMES_SIZE = 32;
const TWO_32 = 0x1_0000_0000;

/** One pair. The next one takes its place. */
export class CallTimes {
  readonly at: number;
  readonly #words = new Int32Array(new ArrayBuffer(TIMES_SIZE));

  constructor(libc: Pick<Libc, "address">) {
    this.at = libc.address(this.#words.buffer);
  }

  /** @param access that both are the same without @throws RangeError for what is no time */
  put(seconds: number, nanoseconds: number, access?: Time): void {
    checkTime(seconds, nanoseconds);
    this.#put(4, seconds, nanoseconds);
    if (access === undefined) {
      this.#put(0, seconds, nanoseconds);
      return;
    }
    checkTime(access.seconds, access.nanoseconds);
    this.#put(0, access.seconds, access.nanoseconds);
  }

  #put(word: number, seconds: number, nanoseconds: number): void {
    this.#words[word] = seconds;
    this.#words[word + 1] = Math.floor(seconds / TWO_32);
    this.#words[word + 2] = nanoseconds;
  }
}
