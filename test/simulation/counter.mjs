/**
 * How many seeds have run in all, and what they have shown: kept in a file from run to run, and written after each batch.
 * Batches are counted in order, so whoever is killed loses those that run just then, and nothing that was counted.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";

/** To be raised when seeds become other runs than before: they are then counted by themselves. */
const WORLDS = 4;

export class Counter {
  #file;
  /** Of all worlds, oldest first; the last one is counted on. */
  #all;
  /** Batches that are done before one that begins earlier, by their first seed. */
  #early = new Map();

  /** @param file undefined: nothing is kept */
  constructor(file, from) {
    this.#file = file;
    this.#all = file !== undefined && existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : [];
    if (this.#counted?.worlds !== WORLDS) this.#all.push(beginAt(from));
  }

  get #counted() {
    return this.#all.at(-1);
  }

  /** The first seed of these worlds that is not counted yet. */
  get next() {
    return this.#counted.next;
  }

  /** Of all worlds. */
  get seeds() {
    return this.#all.reduce((sum, { seeds }) => sum + seeds, 0);
  }

  get violating() {
    return this.#all.flatMap(({ violating }) => violating);
  }

  add(batch) {
    this.#early.set(batch.from, batch);
    for (let at = this.#early.get(this.next); at !== undefined; at = this.#early.get(this.next)) {
      this.#early.delete(at.from);
      this.#count(at);
    }
    this.#save();
  }

  #count({ count, seconds, violations, counts }) {
    const counted = this.#counted;
    counted.seeds += count;
    counted.next += count;
    counted.processes += counts.processes ?? 0;
    counted.seconds = Math.round((counted.seconds + seconds) * 100) / 100;
    counted.violating.push(...violations.map(({ seed }) => seed));
  }

  #save() {
    if (this.#file === undefined) return;
    writeFileSync(`${this.#file}.new`, `${JSON.stringify(this.#all)}\n`);
    renameSync(`${this.#file}.new`, this.#file);
  }
}

/** `seconds` are of CPU. */
function beginAt(from) {
  const since = { day: new Date().toISOString().slice(0, 10), commit: commitNow() };
  return { worlds: WORLDS, since, seeds: 0, next: from, processes: 0, seconds: 0, violating: [] };
}

function commitNow() {
  const { stdout } = spawnSync("git", ["rev-parse", "--short", "HEAD"], { cwd: import.meta.dirname, encoding: "utf8" });
  return stdout?.trim() || undefined;
}
