/**
 * Virtual time: a queue of what happens next, and nothing else makes time pass. Between two events everything runs that
 * waits for nothing but the processor (`turns.ts`), so a run is the same each time.
 */
import { Heap } from "./heap.js";
import { TraceHash } from "./trace-hash.js";
import { inOwnTurn, runTurns } from "./turns.js";

/** Events of a run, which has some hundreds: beyond that somebody tries again for ever. */
const STEPS_MAX = 100_000;

export class Scheduler {
  /** Milliseconds since the beginning of the run. */
  now = 0;
  /** Of all that has happened: equal for equal runs. */
  readonly trace = new TraceHash();
  /** Events so far. */
  steps = 0;
  /** There was no end to the events, or to what came of one. */
  isEndless = false;
  readonly #heap = new Heap<() => void>();

  /** Has `action` happen in so many milliseconds. */
  after(milliseconds: number, action: () => void): void {
    this.#heap.push(this.now + Math.max(0, milliseconds), action);
  }

  async sleep(milliseconds: number): Promise<void> {
    await new Promise<void>((resolve) => this.after(milliseconds, resolve));
  }

  /**
   * Lets time pass until `isOver`, until nothing is going to happen any more, or until it is clear that it never ends.
   *
   * @returns false when it is not over then
   */
  async run(isOver: () => boolean): Promise<boolean> {
    return await inOwnTurn(() => {
      this.#settle();
      while (!this.isEndless && !isOver()) {
        const next = this.#heap.pop();
        if (next === undefined) return false;
        this.now = next.time;
        next.item();
        this.#settle();
      }
      return !this.isEndless;
    });
  }

  #settle(): void {
    if (!runTurns() || ++this.steps > STEPS_MAX) this.isEndless = true;
  }
}
