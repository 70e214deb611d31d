/**
 * Copies of registers that live in a database (docs/format.md section 2.1). What one says counts from when it is there
 * and the database is open with its generation, and no newer one is announced: only then does anybody act on it. One that
 * comes when a repair has closed the database to its author counts if the repair has found it, by what that copies.
 */
const COPY = /^registers\/(\d{10})\/((?:sessions|outcomes|log)\/\d{10})$/;
const SEQUENCES = ["sessions", "log", "outcomes"];

export interface Copy {
  /** Of the register. */
  readonly register: string;
  readonly bytes: Uint8Array;
  readonly isLate: boolean;
}

interface Waiting extends Copy {
  readonly generation: number;
}

/** Whether the database is open with a generation. */
export type IsOpen = (generation: number) => boolean;

export class Copies {
  readonly #objects: ReadonlyMap<string, Uint8Array>;
  readonly #isOpen: IsOpen;
  /** The newest that was used. */
  #generation = 0;
  /** Whether it has all copies has not been looked at. */
  #isNew = false;
  /** By object name. */
  #waiting = new Map<string, Waiting>();

  constructor(objects: ReadonlyMap<string, Uint8Array>, isOpen: IsOpen) {
    this.#objects = objects;
    this.#isOpen = isOpen;
  }

  /** The same of another place that holds what this one holds. */
  copy(objects: ReadonlyMap<string, Uint8Array>): Copies {
    const copy = new Copies(objects, this.#isOpen);
    copy.#generation = this.#generation;
    copy.#waiting = new Map(this.#waiting);
    return copy;
  }

  /** Takes note of an object that was put; false when it is no copy of a register. */
  note(name: string, bytes: Uint8Array, isLate: boolean): boolean {
    const [, generation, register] = COPY.exec(name) ?? [];
    if (register === undefined) return false;
    this.#waiting.set(name, { generation: Number(generation), register, bytes, isLate });
    return true;
  }

  /** Those that count from now on, each once, sessions before their outcomes. */
  takeDue(): Copy[] {
    const due = [...this.#waiting].filter(([, { generation }]) => this.#isUsed(generation));
    for (const [name, { generation }] of due) {
      this.#waiting.delete(name);
      this.#isNew ||= generation > this.#generation;
      this.#generation = Math.max(this.#generation, generation);
    }
    return due.map(([, copy]) => copy).sort((a, b) => rankOf(a) - rankOf(b) || (a.register < b.register ? -1 : 1));
  }

  /** What a generation lacks that was just opened, of the registers that have counted: an object name. */
  findLost(decided: Iterable<string>): string | undefined {
    if (!this.#isNew) return undefined;
    this.#isNew = false;
    const names = [...decided].map((register) => `${folderOf(this.#generation)}${register}`);
    return names.find((name) => !this.#objects.has(name));
  }

  #isUsed(generation: number): boolean {
    return this.#isOpen(generation) && !this.#objects.has(`${folderOf(generation + 1)}meta`);
  }
}

function folderOf(generation: number): string {
  return `registers/${String(generation).padStart(10, "0")}/`;
}

function rankOf({ register }: Copy): number {
  return SEQUENCES.indexOf(register.slice(0, register.indexOf("/")));
}
