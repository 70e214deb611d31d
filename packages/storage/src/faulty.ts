/**
 * A storage that fails on purpose: it counts operations, dies at one of them, or loses requests and answers at random.
 * The same plan over the same calls gives the same faults. Every operation counts, reads too; the first is number 1.
 */

import { isBcatError, StorageError } from "@bcat/errors";
import { createMulberry32 } from "./mulberry32.js";
import type { ListedObject, PutOptions, Storage } from "./storage.js";

export type OperationKind = "get" | "put" | "putIfAbsent" | "list" | "delete";

export interface Operation {
  readonly kind: OperationKind;
  /** The object's name, or the prefix of a listing. */
  readonly name: string;
}

/**
 * What becomes of a write that meets a fault; a read merely fails.
 * - `before`: it is not done.
 * - `unanswered`: it is done, and the caller does not learn it.
 * - `late`: it is done when the test calls `settle()`, as a request still in the network would be.
 * - `torn`: of an object the first half is stored; a register is atomic by contract and a delete has no halves, so
 *   nothing is done.
 */
export type FaultWay = "before" | "unanswered" | "late" | "torn";

export interface FaultPlan {
  /** The process dies at operation number `at`: that operation and every later one throws. */
  readonly stop?: { readonly at: number; readonly way: FaultWay };
  /** How often an operation fails not done, and how often done but unanswered: rates whose sum is at most 1. */
  readonly random?: { readonly seed: number; readonly before: number; readonly unanswered: number };
}

export interface FaultyStorage extends Storage {
  /** The operations begun so far, in order: the one that stopped is the last. */
  readonly operations: readonly Operation[];
  /** True from the stop on. */
  readonly stopped: boolean;
  /** Lets the `late` write arrive, once; when its name is taken by then, nothing changes. */
  settle(): Promise<void>;
}

/**
 * Wraps `inner`; without a plan it only counts.
 *
 * @throws {RangeError} when the plan has impossible numbers.
 */
export function createFaultyStorage(inner: Storage, plan: FaultPlan = {}): FaultyStorage {
  const schedule = new FaultSchedule(plan, inner.location);
  let late: (() => Promise<void>) | undefined;

  async function write(operation: Operation, bytes: Uint8Array, options: PutOptions | undefined, run: Write) {
    const fault = schedule.next(operation);
    if (fault === undefined) return await run(bytes, options);
    if (fault === "unanswered") await unlessExists(run(bytes, options));
    if (fault === "torn" && operation.kind === "put") await unlessExists(run(firstHalf(bytes)));
    if (fault === "late") {
      const kept = new Uint8Array(bytes);
      late = () => unlessExists(run(kept));
    }
    throw faultError(operation, inner.location, fault);
  }

  function read(operation: Operation): void {
    const fault = schedule.next(operation);
    if (fault !== undefined) throw faultError(operation, inner.location, fault);
  }

  async function* list(prefix: string): AsyncGenerator<ListedObject> {
    read({ kind: "list", name: prefix });
    yield* inner.list!(prefix);
  }

  return {
    location: inner.location,
    ...(inner.uploads !== undefined && { uploads: inner.uploads }),
    operations: schedule.operations,
    get stopped() {
      return schedule.stopped;
    },
    async get(name, options) {
      read({ kind: "get", name });
      return await inner.get(name, options);
    },
    put: (name, bytes, options) => write({ kind: "put", name }, bytes, options, (...sent) => inner.put(name, ...sent)),
    putIfAbsent: (name, bytes, options) =>
      write({ kind: "putIfAbsent", name }, bytes, options, (...sent) => inner.putIfAbsent(name, ...sent)),
    ...(inner.list && { list }),
    ...(inner.delete && {
      delete: (name: string) => write({ kind: "delete", name }, nothing, undefined, () => inner.delete!(name)),
    }),
    async settle() {
      const arriving = late;
      late = undefined;
      await arriving?.();
    },
  };
}

type Write = (bytes: Uint8Array, options?: PutOptions) => Promise<void>;

const nothing = new Uint8Array(0);

/** Counts operations and decides which fault, if any, the next one meets. */
class FaultSchedule {
  readonly operations: Operation[] = [];
  readonly #plan: FaultPlan;
  readonly #location: string;
  readonly #random: () => number;

  constructor(plan: FaultPlan, location: string) {
    checkPlan(plan);
    this.#plan = plan;
    this.#location = location;
    this.#random = createMulberry32(plan.random?.seed ?? 0);
  }

  get stopped(): boolean {
    return this.#plan.stop !== undefined && this.operations.length >= this.#plan.stop.at;
  }

  /** @throws {StorageError} when the process is dead already. */
  next(operation: Operation): FaultWay | undefined {
    if (this.stopped) throw faultError(operation, this.#location, "after the stop");
    this.operations.push(operation);
    if (this.stopped) return this.#plan.stop?.way;
    const { before, unanswered } = this.#plan.random ?? { before: 0, unanswered: 0 };
    const drawn = this.#random();
    if (drawn < before) return "before";
    return drawn < before + unanswered ? "unanswered" : undefined;
  }
}

function checkPlan({ stop, random }: FaultPlan): void {
  if (stop && !(Number.isSafeInteger(stop.at) && stop.at >= 1)) {
    throw new RangeError(`Cannot plan a stop at operation ${stop.at}: allowed are safe integers from 1`);
  }
  if (random && !(random.before >= 0 && random.unanswered >= 0 && random.before + random.unanswered <= 1)) {
    const found = `${random.before} and ${random.unanswered}`;
    throw new RangeError(`Cannot plan faults with the rates ${found}: allowed are sums from 0 to 1`);
  }
}

function faultError({ kind, name }: Operation, location: string, fault: string): StorageError {
  return new StorageError(`Cannot ${kind} "${name}" in ${location}: injected fault "${fault}"`);
}

function firstHalf(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(0, Math.floor(bytes.length / 2));
}

/** Waits for a write whose answer nobody hears: a refusal then changes nothing. */
async function unlessExists(write: Promise<void>): Promise<void> {
  try {
    await write;
  } catch (error) {
    if (!isBcatError(error, "exists")) throw error;
  }
}
