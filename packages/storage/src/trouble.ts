/** Whether a storage is in trouble that somebody should hear of: not a call that failed once, but no answers for a while. */

/** What to tell of it. */
export interface Trouble {
  readonly error: Error;
  /** How long (ms) it will be tried again. */
  readonly leftMs: number;
}

/** Without any answer for so long (ms), it is told. */
const SILENCE_MS = 5_000;
/** A call that fails for so long (ms) is told of, though others get their answers. */
const STUBBORN_MS = 60_000;
/** Not told again for so long (ms). */
const TOLD_FOR_MS = 10 * 60_000;

/** Times of one clock, ms. */
export interface FailedCall {
  readonly now: number;
  readonly begun: number;
  /** When it is tried again. */
  readonly next: number;
  /** When it is tried for the last time. */
  readonly until: number;
}

/** Shared by all calls of a storage, so that many which fail together are told of in one line. */
export class TroubleWatch {
  readonly #tell: (trouble: Trouble) => void;
  #answered = Number.NEGATIVE_INFINITY;
  #told = Number.NEGATIVE_INFINITY;

  constructor(tell: (trouble: Trouble) => void) {
    this.#tell = tell;
  }

  /** A call got its answer. */
  answered(now: number): void {
    this.#answered = now;
  }

  /** A call has failed again. */
  failed(error: Error, { now, begun, next, until }: FailedCall): void {
    // As it will be after the wait, which nobody is to sit through without a word.
    const silence = next - Math.max(begun, this.#answered);
    if (silence < SILENCE_MS && now - begun < STUBBORN_MS) return;
    if (now - this.#told < TOLD_FOR_MS) return;
    this.#told = now;
    this.#tell({ error, leftMs: until - now });
  }
}
