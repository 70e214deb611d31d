/** Signals that ask the run to end. The first lets it end in order, the second ends it at once. */
import { constants } from "node:os";
import { BcatError } from "@bcat/errors";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export class Interruption implements Disposable {
  /** For the signal that came, if one did. */
  exitCode: number | undefined;
  /** A second signal came, and the process is ending. */
  forced = false;

  readonly #controller = new AbortController();
  readonly #listener = (name: NodeJS.Signals) => this.interrupt(name);

  constructor() {
    for (const name of signals) process.on(name, this.#listener);
  }

  /** Aborted with a BcatError of code "interrupted". */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  interrupt(name: NodeJS.Signals): void {
    const exitCode = 128 + constants.signals[name];
    if (this.exitCode !== undefined) {
      this.forced = true;
      process.exit(exitCode);
    }
    this.exitCode = exitCode;
    this.#controller.abort(new BcatError("interrupted", `Interrupted by ${name}`));
  }

  [Symbol.dispose](): void {
    for (const name of signals) process.off(name, this.#listener);
  }
}
