/**
 * Access times of the entries of a table, by row: as they were found when the folder was walked, before anything of it
 * was read. What a file says of itself once it is open, or has been read, may be of our own making.
 */
import type { Stat } from "@bcat/posix";
import type { NodeToWrite } from "../tree/node.js";

const ROWS = 8;

export class AccessTimes {
  #seconds = new Float64Array(ROWS);
  #nanoseconds = new Uint32Array(ROWS);

  set(row: number, { atimeSeconds, atimeNanoseconds }: Stat): void {
    if (row >= this.#seconds.length) this.#grow(row);
    this.#seconds[row] = atimeSeconds;
    this.#nanoseconds[row] = atimeNanoseconds;
  }

  move(from: number, to: number): void {
    this.#seconds[to] = this.#seconds[from]!;
    this.#nanoseconds[to] = this.#nanoseconds[from]!;
  }

  put(node: NodeToWrite, row: number): void {
    node.atimeSeconds = this.#seconds[row]!;
    node.atimeNanoseconds = this.#nanoseconds[row]!;
  }

  /** The columns that a digest covers: the first `count` rows of seconds, and of nanoseconds. */
  columns(count: number): readonly (Float64Array | Uint32Array)[] {
    return [this.#seconds.subarray(0, count), this.#nanoseconds.subarray(0, count)];
  }

  #grow(row: number): void {
    const seconds = new Float64Array(2 * row);
    const nanoseconds = new Uint32Array(2 * row);
    seconds.set(this.#seconds);
    nanoseconds.set(this.#nanoseconds);
    this.#seconds = seconds;
    this.#nanoseconds = nanoseconds;
  }
}
