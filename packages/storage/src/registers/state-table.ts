/**
 * A table of registers over anything that can change one row only if it is as expected. The state is one text:
 *
 *     open <generation>                   the generation whose rows are seen
 *     closed <generation> <token>         by the repair of that token; the highest generation ever claimed
 *
 * Each change names the text it expects, so of two repairs only the one that closed last goes on.
 */
import { registerExists } from "../exists.js";
import type { PutOptions } from "../storage.js";
import {
  type RegisterRow,
  type RegistersKind,
  type RegisterTable,
  registersChanged,
  repairOvertaken,
  requireOpen,
  type TableState,
} from "./register-table.js";

/** What such a table is made of: all calls are atomic, and durable when they return. */
export interface StateRows extends AsyncDisposable {
  readonly kind: RegistersKind;
  readonly location: string;
  /** Makes or upgrades what holds rows. */
  prepare(): Promise<void>;
  /** The state, and the value of a row of `generation`, as of one moment. */
  read(row?: { readonly generation: number; readonly name: string }, options?: PutOptions): Promise<StateAndValue>;
  /** Adds those rows whose names are free, if the state is `state`; which it is when they are added. */
  insert(state: string, generation: number, rows: readonly RegisterRow[], options?: PutOptions): Promise<Inserted>;
  /** Makes the state `to` if it is `from`, undefined for none; otherwise does nothing. */
  replaceState(from: string | undefined, to: string): Promise<void>;
  /** Removes rows of generations below `generation`, which are of no use any more. */
  forget(generation: number): Promise<void>;
}

export interface StateAndValue {
  readonly state: string | undefined;
  readonly value: Uint8Array | undefined;
}

export interface Inserted {
  readonly state: string | undefined;
  readonly count: number;
}

export class StateTable implements RegisterTable {
  readonly #rows: StateRows;

  constructor(rows: StateRows) {
    this.#rows = rows;
  }

  get kind(): RegistersKind {
    return this.#rows.kind;
  }

  get location(): string {
    return this.#rows.location;
  }

  async state(): Promise<TableState | undefined> {
    const { state } = await this.#rows.read();
    return this.#parse(state);
  }

  async create(): Promise<void> {
    await this.#rows.prepare();
    await this.#rows.replaceState(undefined, openState(1));
    requireOpen(await this.state(), 1, this.location);
  }

  async get(generation: number, name: string, options?: PutOptions): Promise<Uint8Array | undefined> {
    const { state, value } = await this.#rows.read({ generation, name }, options);
    requireOpen(this.#parse(state), generation, this.location);
    return value;
  }

  async insert(generation: number, name: string, bytes: Uint8Array, options?: PutOptions): Promise<void> {
    const { state, count } = await this.#rows.insert(openState(generation), generation, [{ name, bytes }], options);
    requireOpen(this.#parse(state), generation, this.location);
    if (count === 0) throw registerExists(name, this.location);
  }

  async close(token: string): Promise<number> {
    await this.#rows.prepare();
    for (;;) {
      const { state } = await this.#rows.read();
      const generation = this.#parse(state)?.generation ?? 0;
      if (isClosedBy(state, token)) return generation;
      await this.#rows.replaceState(state, closedState(generation, token));
    }
  }

  async claim(token: string, generation: number, closed: number): Promise<void> {
    // Not what is closed by a late call of one's own: others may have opened that meanwhile.
    await this.#become(closedState(closed, token), closedState(generation, token));
  }

  async fill(token: string, generation: number, rows: readonly RegisterRow[]): Promise<void> {
    const closed = closedState(generation, token);
    const { state } = await this.#rows.insert(closed, generation, rows);
    if (state !== closed) throw repairOvertaken(this.location);
  }

  async open(token: string, generation: number): Promise<void> {
    await this.#become(closedState(generation, token), openState(generation));
    await this.#rows.forget(generation);
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#rows[Symbol.asyncDispose]();
  }

  async #become(from: string | undefined, to: string): Promise<void> {
    await this.#rows.replaceState(from, to);
    const { state } = await this.#rows.read();
    if (state !== to) throw repairOvertaken(this.location);
  }

  #parse(state: string | undefined): TableState | undefined {
    if (state === undefined) return undefined;
    const [, word, number] = /^(open|closed) (\d{1,10})(?: [0-9a-f]+)?$/.exec(state) ?? [];
    if (word === undefined) throw registersChanged(this.location, `their state "${state.slice(0, 40)}" is none`);
    return { generation: Number(number), isOpen: word === "open" };
  }
}

/** The text of a table whose rows of `generation` are seen. */
export function openState(generation: number): string {
  return `open ${generation}`;
}

function closedState(generation: number, token: string): string {
  return `closed ${generation} ${token}`;
}

function isClosedBy(state: string | undefined, token: string): state is string {
  return state?.startsWith("closed ") === true && state.endsWith(` ${token}`);
}
