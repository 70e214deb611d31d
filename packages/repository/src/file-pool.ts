/** Files of the cache that are read from: few are open at once, however many there are; those used last stay open. */
import type * as fs from "node:fs";

/** Files that are open at once. */
const OPEN_MAX = 4;

export type FilePoolCalls = Pick<typeof fs, "openSync" | "closeSync">;

export class FilePool {
  readonly #calls: FilePoolCalls;
  /** Descriptors by path, used longest ago first. */
  readonly #open = new Map<string, number>();

  constructor(calls: FilePoolCalls) {
    this.#calls = calls;
  }

  /** A descriptor of the file at `path`, good until the next call. @throws the error of the system */
  use(path: string): number {
    const known = this.#open.get(path);
    if (known !== undefined) this.#open.delete(path);
    else this.#closeDownTo(OPEN_MAX - 1);
    const file = known ?? this.#calls.openSync(path, "r");
    this.#open.set(path, file);
    return file;
  }

  close(path: string): void {
    const file = this.#open.get(path);
    if (file === undefined) return;
    this.#open.delete(path);
    this.#calls.closeSync(file);
  }

  #closeDownTo(count: number): void {
    for (const path of this.#open.keys()) {
      if (this.#open.size <= count) return;
      this.close(path);
    }
  }
}
