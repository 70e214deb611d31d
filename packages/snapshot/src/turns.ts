/** When others get to run while one thing goes on: after so much work, or so much time where the work is slow. */

/** Work between two turns of the event loop: bytes, or entries. */
const BYTES_MAX = 4 * 2 ** 20;
const ENTRIES_MAX = 500;
/** Time between two of them, ms: who waits for a slow disk is to hear of an interrupt all the same. */
const TIME_MAX = 100;
/** Entries between two looks at the clock. */
const ENTRIES_A_LOOK = 8;

export class Turns {
  readonly #now: () => number;
  readonly #entriesMax: number;
  #bytes = 0;
  #entries = 0;
  #last: number;

  /** @param now milliseconds @param entriesMax between two turns, where an entry takes less than others do */
  constructor(now: () => number, entriesMax = ENTRIES_MAX) {
    this.#now = now;
    this.#entriesMax = entriesMax;
    this.#last = now();
  }

  /** Counts an entry; true when a turn is due. */
  entry(): boolean {
    this.#entries++;
    return this.#entries >= this.#entriesMax || (this.#entries % ENTRIES_A_LOOK === 0 && this.#isLate());
  }

  /** Counts bytes; true when a turn is due. */
  bytes(count: number): boolean {
    this.#bytes += count;
    return this.#bytes >= BYTES_MAX || this.#entries >= this.#entriesMax || this.#isLate();
  }

  /** Others run. */
  async take(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#bytes = 0;
    this.#entries = 0;
    this.#last = this.#now();
  }

  /** A clock that was set back counts as late: it would not be heard of for long. */
  #isLate(): boolean {
    return Math.abs(this.#now() - this.#last) >= TIME_MAX;
  }
}
