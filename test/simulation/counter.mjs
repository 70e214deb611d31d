/** How many seeds have run in all, and what they have shown: kept in a file from run to run. Batches are counted in order. */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";

export class Counter {
  #file;
  #counted;
  /** Batches that are done before one that begins earlier, by their first seed. */
  #early = new Map();

  /** @param file undefined: nothing is kept */
  constructor(file, from) {
    this.#file = file;
    const isKept = file !== undefined && existsSync(file);
    this.#counted = isKept
      ? JSON.parse(readFileSync(file, "utf8"))
      : { seeds: 0, next: from, seconds: 0, violating: [] };
  }

  /** The first seed that is not counted yet. */
  get next() {
    return this.#counted.next;
  }

  get seeds() {
    return this.#counted.seeds;
  }

  get violating() {
    return this.#counted.violating;
  }

  add(batch) {
    this.#early.set(batch.from, batch);
    for (let at = this.#early.get(this.next); at !== undefined; at = this.#early.get(this.next)) {
      this.#early.delete(at.from);
      this.#counted.seeds += at.count;
      this.#counted.next += at.count;
      this.#counted.seconds = Math.round(this.#counted.seconds + at.seconds);
      this.#counted.violating.push(...at.violations.map(({ seed }) => seed));
    }
    this.#save();
  }

  #save() {
    if (this.#file === undefined) return;
    writeFileSync(`${this.#file}.new`, `${JSON.stringify(this.#counted)}\n`);
    renameSync(`${this.#file}.new`, this.#file);
  }
}
