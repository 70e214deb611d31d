/**
 * Signals that ask how far the work is: SIGUSR1, and SIGINFO (Ctrl-T) where the system has it. Who works says what to
 * tell. Node takes SIGUSR1 for the wish to debug it as long as nobody listens.
 */
import { constants } from "node:os";

const signals = ["SIGUSR1", "SIGINFO"].filter((name) => Object.hasOwn(constants.signals, name)) as NodeJS.Signals[];

export class Inquiry implements Disposable {
  /** Tells at once how far the work is. */
  tell: () => void = () => {};
  #stops: (() => void)[] = [];
  readonly #listener = () => this.tell();

  constructor() {
    for (const name of signals) process.on(name, this.#listener);
  }

  /** Calls `stop` when the work has ended, however it has. */
  onEnd(stop: () => void): void {
    this.#stops.push(stop);
  }

  /** The work has ended: there is nothing to tell any more. */
  end(): void {
    for (const stop of this.#stops) stop();
    this.#stops = [];
    this.tell = () => {};
  }

  [Symbol.dispose](): void {
    for (const name of signals) process.off(name, this.#listener);
  }
}
