/**
 * Signals that ask how far the work is: SIGUSR1, and SIGINFO (Ctrl-T) where the system has it. Node takes SIGUSR1 for
 * the wish to debug it as long as nobody listens.
 */
import { constants } from "node:os";

const signals = ["SIGUSR1", "SIGINFO"].filter((name) => Object.hasOwn(constants.signals, name)) as NodeJS.Signals[];

/** Who can say how far something is. */
export interface Teller {
  /** There is something to say. */
  readonly hasNews: boolean;
  /** Says it at once, in a line or message of its own. */
  tellNow(): void;
  /** The work has ended: nothing is told any more by itself. */
  stop(): void;
}

export class Inquiry implements Disposable {
  /** The newest first. */
  readonly #tellers: Teller[] = [];
  readonly #listener = () => this.newest?.tellNow();

  constructor() {
    for (const name of signals) process.on(name, this.#listener);
  }

  /** Asked before all others from now on, when it has something to say. */
  add(teller: Teller): void {
    this.#tellers.unshift(teller);
  }

  /** Who is asked now. */
  get newest(): Teller | undefined {
    return this.#tellers.find(({ hasNews }) => hasNews);
  }

  /** The work has ended, however it has: there is nothing to tell any more. */
  end(): void {
    for (const teller of this.#tellers.splice(0)) teller.stop();
  }

  [Symbol.dispose](): void {
    for (const name of signals) process.off(name, this.#listener);
  }
}
