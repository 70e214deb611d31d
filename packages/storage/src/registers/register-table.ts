/**
 * Registers that live elsewhere than the repository: a table of rows that are decided once, under the id of the registers
 * of one repository. A table can be lost, or come back from an old backup of its own, and is then begun anew out of the
 * copies that the repository holds. Each beginning is a *generation*, and every statement names the one it is meant for.
 *
 * A table tries once and tells, as a storage does. Names and values are those of `Registers`.
 */
import { BcatError } from "@bcat/errors";
import type { PutOptions } from "../storage.js";

/** What holds the rows: a database, or a storage with true put-if-absent, which is a folder or a bucket. */
export type RegistersKind = "postgres" | "storage";

/** Bytes of the id of registers. */
export const registersIdSize = 16;

export interface TableState {
  /** The one that is open or, while a repair is at work or has died, the highest that was ever claimed. */
  readonly generation: number;
  readonly isOpen: boolean;
}

export interface RegisterRow {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface RegisterTable extends AsyncDisposable {
  readonly kind: RegistersKind;
  /** Where it is, for messages; it holds no secrets. */
  readonly location: string;

  /** Undefined when there are no registers of this id, or no tables at all. */
  state(): Promise<TableState | undefined>;

  /**
   * Makes what a table needs and opens generation 1, without rows. Can be repeated.
   *
   * @throws {BcatError} identity-changed when another generation was claimed; refused when the place cannot decide
   */
  create(): Promise<void>;

  /**
   * The value of a row, if it has one, at one moment of the call at which `generation` was open.
   *
   * @throws {BcatError} identity-changed when it is not open
   */
  get(generation: number, name: string, options?: PutOptions): Promise<Uint8Array | undefined>;

  /**
   * Decides a row, if `generation` is open. Of any number of calls, from anywhere, at most one returns.
   *
   * @throws {BcatError} exists, also for an equal value; identity-changed when the generation is not open. After a
   *   StorageError the outcome is unknown
   */
  insert(generation: number, name: string, bytes: Uint8Array, options?: PutOptions): Promise<void>;

  /**
   * The first step of a repair: when this returns, no generation is open, and none will be but by {@link open} of a later
   * repair. Makes the table where there is none. `token` is of this repair alone; each step can be repeated.
   *
   * @returns the highest generation that was ever claimed here, 0 for none
   */
  close(token: string): Promise<number>;

  /**
   * Takes `generation`, and all between `closed` and it, for this repair alone.
   *
   * @param closed what {@link close} has returned
   * @throws {BcatError} identity-changed when another repair has closed or claimed since
   */
  claim(token: string, generation: number, closed: number): Promise<void>;

  /** Adds rows to a claimed generation. @throws as {@link claim} */
  fill(token: string, generation: number, rows: readonly RegisterRow[]): Promise<void>;

  /** Opens a claimed generation to all. @throws as {@link claim} */
  open(token: string, generation: number): Promise<void>;
}

/** @throws {BcatError} identity-changed when `generation` is not the one that is open */
export function requireOpen(state: TableState | undefined, generation: number, location: string): void {
  if (state?.isOpen === true && state.generation === generation) return;
  throw registersChanged(location, describeState(state, generation));
}

function describeState(state: TableState | undefined, generation: number): string {
  if (state === undefined) return "they are not there: lost, or in another place";
  if (!state.isOpen) return "they are closed by a bcat repair registers, which runs or did not finish";
  return `generation ${state.generation} is open, and not ${generation}, which this run began with: they were repaired or have gone back in time`;
}

/** The error for registers that are not what they were. */
export function registersChanged(location: string, found: string): BcatError {
  const wayOn = "bcat repair registers makes them anew from their copies in the repository";
  return new BcatError("identity-changed", `Cannot use the registers in ${location}: ${found}; ${wayOn}`);
}

export function repairOvertaken(location: string): BcatError {
  return registersChanged(location, "another repair has begun since this one did");
}
