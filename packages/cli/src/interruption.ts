/**
 * Signals that ask the run to end. The first lets it end in order, the second ends it at once. What a command has that is
 * worth keeping it may bring to safety first: then the first signal says so, and no call is broken off.
 *
 * Where a call to the system never returns (a network mount whose server is gone, a pipe nobody writes to), leaving by
 * an exit code is not possible: Node waits for its threads. The process then ends by the signal itself, which shells
 * show as the same number.
 */
import { constants } from "node:os";
import { BcatError } from "@bcat/errors";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** Time (ms) that calls which are still on their way get to end when the run has ended. */
const LINGER_MS = 500;

/** How a command hears of the first signal that has something to bring to safety. */
export interface Stop {
  /** Aborted by the first signal. */
  readonly signal: AbortSignal;
  /**
   * From now on calls are not broken off as long as `isWorthwhile`: the command ends itself.
   *
   * @param tell is called when it is asked to
   * @param atOnce said when a second signal ends it all the same
   */
  defer(isWorthwhile: () => boolean, tell: () => void, atOnce: string): void;
}

function ignore(): void {}

export class Interruption implements Disposable {
  readonly #controller = new AbortController();
  readonly #stop = new AbortController();
  #isWorthwhile: () => boolean = () => false;
  #tell: () => void = () => {};
  #atOnce = "ended at once";
  /** Says a last line, before this returns. */
  onSecond: (line: string) => void = () => {};
  readonly #listener = (name: NodeJS.Signals) => this.interrupt(name);
  #name: NodeJS.Signals | undefined;

  /**
   * @param isAtTerminal a hang-up means something: without, as under nohup, it is ignored. (Node does not tell that it
   * was started with the signal ignored.)
   */
  constructor(isAtTerminal: boolean) {
    for (const name of signals) process.on(name, name !== "SIGHUP" || isAtTerminal ? this.#listener : ignore);
  }

  /** For the signal that came, if one did. */
  get exitCode(): number | undefined {
    return this.#name === undefined ? undefined : 128 + constants.signals[this.#name];
  }

  /** Aborted with a BcatError of code "interrupted". */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get stop(): Stop {
    return {
      signal: this.#stop.signal,
      defer: (isWorthwhile, tell, atOnce) => {
        this.#isWorthwhile = isWorthwhile;
        this.#tell = () => {
          this.#atOnce = atOnce;
          tell();
        };
      },
    };
  }

  interrupt(name: NodeJS.Signals): void {
    if (this.#name !== undefined) {
      this.onSecond(this.#atOnce);
      this.#die(name);
      return;
    }
    this.#name = name;
    const reason = new BcatError("interrupted", `Interrupted by ${name}`);
    this.#stop.abort(reason);
    if (this.#isWorthwhile()) this.#tell();
    else this.#controller.abort(reason);
  }

  /** The run has ended, and the process ends with it: by itself, or soon by the signal that came. */
  [Symbol.dispose](): void {
    for (const name of signals) process.off(name, this.#listener).off(name, ignore);
    const name = this.#name;
    if (name !== undefined) setTimeout(() => this.#die(name), LINGER_MS).unref();
  }

  #die(name: NodeJS.Signals): void {
    process.removeAllListeners(name);
    process.kill(process.pid, name);
  }
}
