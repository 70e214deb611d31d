/**
 * Virtual time: a queue of what happens next, and nothing else makes time pass. Between two events everything runs that
 * waits for nothing but the processor. The core yields by `setImmediate` alone, whose calls run in the order in which they
 * were made, so a run is the same each time.
 */
import { Heap } from "./heap.js";
import { TraceHash } from "./trace-hash.js";

/** Turns in a row in which nothing is due and something is still waited for, before that counts as a standstill. */
const IDLE_TURNS_MAX = 50;

export class Scheduler {
  /** Milliseconds since the beginning of the run. */
  now = 0;
  /** Of all that has happened: equal for equal runs. */
  readonly trace = new TraceHash();
  /** Events so far. */
  steps = 0;
  readonly #heap = new Heap<() => void>();

  /** Has `action` happen in so many milliseconds. */
  after(milliseconds: number, action: () => void): void {
    this.#heap.push(this.now + Math.max(0, milliseconds), action);
  }

  async sleep(milliseconds: number): Promise<void> {
    await new Promise<void>((resolve) => this.after(milliseconds, resolve));
  }

  /**
   * Lets time pass until `isOver`, or until nothing is going to happen any more.
   *
   * @returns false when there is nothing to happen before it is over
   */
  async run(isOver: () => boolean): Promise<boolean> {
    for (let idle = 0; !isOver(); ) {
      const next = this.#heap.pop();
      if (next !== undefined) {
        idle = 0;
        this.steps++;
        this.now = next.time;
        next.item();
      } else if (++idle > IDLE_TURNS_MAX) return false;
      await new Promise((resolve) => setImmediate(resolve));
    }
    return true;
  }
}
