/** What all parts of one measurement share: progress, and the points at which others get to run. */
import { BcatError } from "@bcat/errors";
import type { StatsOptions, StatsProgress } from "./options.js";

/** Work between two turns of the event loop: trees, or pages of the index. */
const STEPS_MAX = 64;

export class StatsRun {
  #trees = 0;
  #steps = 0;
  #at: Omit<StatsProgress, "trees"> = { phase: "snapshots", done: 0, total: undefined };
  readonly #options: StatsOptions;

  constructor(options: StatsOptions) {
    this.#options = options;
  }

  begin(phase: StatsProgress["phase"], done: number, total: number | undefined): void {
    this.#at = { phase, done, total };
  }

  /** A tree is about to be read. */
  tree(): Promise<void> | undefined {
    this.#trees++;
    return this.step();
  }

  /** A promise is returned only when it is time for others to run. @throws BcatError interrupted */
  step(): Promise<void> | undefined {
    return ++this.#steps % STEPS_MAX === 0 ? this.#turn() : undefined;
  }

  async #turn(): Promise<void> {
    this.#options.onProgress?.({ ...this.#at, trees: this.#trees });
    await new Promise((resolve) => setImmediate(resolve));
    if (this.#options.signal?.aborted === true) throw new BcatError("interrupted", "interrupted");
  }
}
