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
  /** By object name. */
  #waiting = new Map<string, Waiting>();

  constructor(objects: ReadonlyMap<string, Uint8Array>, isOpen: IsOpen) {
    this.#objects = objects;
    this.#isOpen = isOpen;
  }

  /** The same of another place that holds what this one holds. */
  copy(objects: ReadonlyMap<string, Uint8Array>): Copies {
    const copy = new Copies(objects, this.#isOpen);
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
    for (const [name] of due) this.#waiting.delete(name);
    return due.map(([, copy]) => copy).sort((a, b) => rankOf(a) - rankOf(b) || (a.register < b.register ? -1 : 1));
  }

  #isUsed(generation: number): boolean {
    return this.#isOpen(generation) && !this.#objects.has(announcementOf(generation + 1));
  }
}

function announcementOf(generation: number): string {
  return `registers/${String(generation).padStart(10, "0")}/meta`;
}

function rankOf({ register }: Copy): number {
  return SEQUENCES.indexOf(register.slice(0, register.indexOf("/")));
}
