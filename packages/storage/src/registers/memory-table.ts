/**
 * A table of registers in a Map, for tests and simulations: what a database does, also what it does when it is lost, or
 * restored from an old backup of its own.
 */
import { type RegisterRow, type RegisterTable, registersIdSize } from "./register-table.js";
import { openState, type StateRows, StateTable } from "./state-table.js";

/** Rows of all ids; any number of tables may share one. */
export class MemoryDatabase {
  #states = new Map<string, string>();
  #rows = new Map<string, Uint8Array>();

  /** The table of the registers `id`, as one client has it. */
  open(id: Uint8Array): RegisterTable {
    if (id.length !== registersIdSize) throw new RangeError(`Cannot open registers of an id of ${id.length} bytes`);
    return new StateTable(this.#client(Buffer.from(id).toString("hex")));
  }

  /** True while statements that name `generation` are answered. */
  isOpen(id: Uint8Array, generation: number): boolean {
    return this.#states.get(Buffer.from(id).toString("hex")) === openState(generation);
  }

  /** What a backup of the database would hold now: a function that brings it back. */
  dump(): () => void {
    const states = new Map(this.#states);
    const rows = new Map(this.#rows);
    return () => {
      this.#states = new Map(states);
      this.#rows = new Map(rows);
    };
  }

  /** Loses everything. */
  empty(): void {
    this.#states.clear();
    this.#rows.clear();
  }

  /** Loses one row, as no database does by itself. */
  lose(id: Uint8Array, generation: number, name: string): void {
    this.#rows.delete(`${Buffer.from(id).toString("hex")} ${generation} ${name}`);
  }

  #client(id: string): StateRows {
    const key = (generation: number, name: string) => `${id} ${generation} ${name}`;
    const insert = (generation: number, { name, bytes }: RegisterRow) => {
      if (this.#rows.has(key(generation, name))) return 0;
      this.#rows.set(key(generation, name), new Uint8Array(bytes));
      return 1;
    };
    return {
      kind: "postgres",
      location: "memory",
      prepare: async () => {},
      read: async (row, options) => {
        options?.signal?.throwIfAborted();
        const value = row === undefined ? undefined : this.#rows.get(key(row.generation, row.name))?.slice();
        return { state: this.#states.get(id), value };
      },
      insert: async (expected, generation, rows, options) => {
        options?.signal?.throwIfAborted();
        const state = this.#states.get(id);
        if (state !== expected) return { state, count: 0 };
        return { state, count: rows.reduce((count, row) => count + insert(generation, row), 0) };
      },
      replaceState: async (from, to) => {
        if (this.#states.get(id) === from) this.#states.set(id, to);
      },
      forget: async (generation) => {
        for (const name of [...this.#rows.keys()]) {
          const [of, number] = name.split(" ");
          if (of === id && Number(number) < generation) this.#rows.delete(name);
        }
      },
      [Symbol.asyncDispose]: async () => {},
    };
  }
}
