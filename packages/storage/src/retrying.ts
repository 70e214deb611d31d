/**
 * A storage that tries again: for storages behind a network, whose requests and answers get lost. Each call keeps the
 * caller's bytes until it settles and sends the same ones every time.
 *
 * Before attempt n it waits a random part of 0.2 s · 2^(n-2), at most 30 s: "full jitter", so that many clients that
 * failed together do not come back together (M. Brooker, Exponential Backoff and Jitter, AWS Architecture Blog, 2015).
 */

import { ArchivedError, isBcatError, StorageError } from "@bcat/errors";
import { equalBytes } from "./equal-bytes.js";
import type { ListedObject, PutOptions, Storage } from "./storage.js";
import { type Trouble, TroubleWatch } from "./trouble.js";

/** Longest wait before the second attempt, and before any (ms). */
const FIRST_WAIT_MS = 200;
const WAIT_MS_MAX = 30_000;
/** How long (ms) a call is tried again when the user has asked for the end. */
const HURRIED_MS = 10_000;

export interface RetryOptions {
  /** Milliseconds of any origin. */
  readonly now: () => number;
  /** Waits so many milliseconds; rejects as soon as the signal is aborted. */
  readonly sleep: (milliseconds: number, signal: AbortSignal | undefined) => Promise<void>;
  /** From 0 up to, not including, 1. */
  readonly random: () => number;
  /** How long (ms) after its beginning a call that fails is tried again: the last time then. 0: never. */
  readonly retryForMs: number;
  /** Ends the waits of calls that have no signal of their own. */
  readonly signal?: AbortSignal;
  /** From when it is aborted on, calls are tried again for a few seconds only. They go on meanwhile. */
  readonly stop?: AbortSignal | undefined;
  /** Told of each attempt beyond the first of a call. */
  readonly onRetry?: () => void;
  /** Told once, for all calls together, when the storage has not answered for a few seconds. */
  readonly onTrouble?: (trouble: Trouble) => void;
}

/**
 * Wraps `inner` so that a StorageError that is not final is tried again; the last one is thrown. Every other error
 * (exists, misuse, abort) ends the call at once.
 *
 * `putIfAbsent` knows its own lost acknowledgement: "exists" after an attempt of unknown outcome makes it read the
 * register back. Equal bytes are a success, others are thrown as "exists". So two writers who send equal bytes may both
 * succeed; bcat's values never are equal, each is sealed by one session. An "exists" on the first attempt is thrown as
 * it is, and the caller compares.
 *
 * The register is sent again, not only read back, because a storage answers "exists" once the value is durable, which
 * a plain read does not say.
 *
 * A listing that breaks off is begun again and goes on behind the last name it gave; one whose names do not ascend
 * cannot, and fails.
 */
export function createRetryingStorage(inner: Storage, options: RetryOptions): Storage {
  const retries = new Retries(options);
  const { signal } = options;
  return {
    location: inner.location,
    ...(inner.uploads !== undefined && { uploads: inner.uploads }),
    get: (name, getOptions) => retries.run(getOptions?.signal ?? signal, () => inner.get(name, getOptions)),
    put: (name, bytes, putOptions) =>
      retries.run(putOptions?.signal ?? signal, () => inner.put(name, bytes, putOptions)),
    putIfAbsent: (name, bytes, putOptions) =>
      retries.run(putOptions?.signal ?? signal, (attempt) =>
        decide(inner, { name, bytes, attempt, options: putOptions }),
      ),
    ...(inner.list && { list: (prefix: string) => listAgain(() => inner.list!(prefix), retries, signal) }),
    ...(inner.listTemporary && { listTemporary: () => inner.listTemporary!() }),
    ...(inner.deleteTemporary && {
      deleteTemporary: (name: string) => retries.run(signal, () => inner.deleteTemporary!(name)),
    }),
    ...(inner.delete && { delete: (name: string) => retries.run(signal, () => inner.delete!(name)) }),
  };
}

/** Runs calls again while they fail with a StorageError that is not final. */
export class Retries {
  readonly #options: RetryOptions;
  readonly #watch: TroubleWatch;
  /** Nothing is tried again after this time. */
  #end = Number.POSITIVE_INFINITY;

  constructor(options: RetryOptions) {
    const { retryForMs, onTrouble = () => {}, now, stop } = options;
    if (!(retryForMs >= 0)) throw new RangeError(`Cannot retry for ${retryForMs} ms: allowed are numbers from 0`);
    this.#options = options;
    this.#watch = new TroubleWatch(onTrouble);
    const hurry = () => {
      this.#end = now() + HURRIED_MS;
    };
    if (stop?.aborted === true) hurry();
    else stop?.addEventListener("abort", hurry, { once: true });
  }

  /** @param call is given the number of its attempt, from 1 */
  async run<T>(signal: AbortSignal | undefined, call: (attempt: number) => Promise<T>): Promise<T> {
    const { now, retryForMs, onRetry } = this.#options;
    const begun = now();
    for (let attempt = 1; ; attempt++) {
      signal?.throwIfAborted();
      if (attempt > 1) onRetry?.();
      try {
        const result = await call(attempt);
        this.#watch.answered(now());
        return result;
      } catch (error) {
        if (!isPassing(error)) throw attempt === 1 ? error : afterUnknown(error);
        const failed = now();
        const until = Math.min(begun + retryForMs, this.#end);
        if (failed >= until) throw givenUp(error, attempt, failed - begun);
        const wait = Math.min(this.#wait(attempt), until - failed);
        this.#watch.failed(error, { now: failed, begun, next: failed + wait, until });
        await this.#sleep(wait, signal);
      }
    }
  }

  /** Until then, or until there is no more time for that. */
  async #sleep(wait: number, signal: AbortSignal | undefined): Promise<void> {
    const { sleep, stop } = this.#options;
    if (stop === undefined || stop.aborted) return await sleep(wait, signal);
    try {
      await sleep(wait, signal === undefined ? stop : AbortSignal.any([signal, stop]));
    } catch (error) {
      if (signal?.aborted === true || !stop.aborted) throw error;
    }
  }

  #wait(attempt: number): number {
    return this.#options.random() * Math.min(WAIT_MS_MAX, FIRST_WAIT_MS * 2 ** (attempt - 1));
  }
}

function isPassing(error: unknown): error is StorageError {
  return error instanceof StorageError && !error.isFinal;
}

/** The end of a call that had been tried before, without an answer. */
function afterUnknown(error: unknown): unknown {
  if (!(error instanceof StorageError) || error instanceof ArchivedError) return error;
  return new StorageError(error.message, { cause: error, isFinal: true, mayBeDone: true });
}

function givenUp(error: StorageError, attempts: number, elapsedMs: number): StorageError {
  if (attempts === 1) return error;
  const found = `tried ${attempts} times in ${Math.ceil(elapsedMs / 1000)} s`;
  return new StorageError(`${error.message}; ${found}`, { cause: error });
}

interface Decision {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Above 1, an earlier attempt has an unknown outcome. */
  readonly attempt: number;
  readonly options: PutOptions | undefined;
}

async function decide(inner: Storage, { name, bytes, attempt, options }: Decision): Promise<void> {
  try {
    await inner.putIfAbsent(name, bytes, options);
  } catch (error) {
    if (attempt === 1 || !isBcatError(error, "exists")) throw error;
    const value = await inner.get(name, options);
    if (value === undefined || !equalBytes(value, bytes)) throw error;
  }
}

async function* listAgain(
  list: () => AsyncIterable<ListedObject>,
  retries: Retries,
  signal: AbortSignal | undefined,
): AsyncGenerator<ListedObject> {
  const listing = new Listing(list);
  try {
    for (;;) {
      const next = await retries.run(signal, () => listing.next());
      if (next === undefined) return;
      yield next;
    }
  } finally {
    await listing.close();
  }
}

/** A listing that can be begun again. */
class Listing {
  readonly #list: () => AsyncIterable<ListedObject>;
  #objects: AsyncIterator<ListedObject> | undefined;
  /** Given last; no name is before "". */
  #last = "";
  /** Where to go on after it was begun again. */
  #behind = "";
  #isAscending = true;

  constructor(list: () => AsyncIterable<ListedObject>) {
    this.#list = list;
  }

  async next(): Promise<ListedObject | undefined> {
    try {
      this.#objects ??= this.#list()[Symbol.asyncIterator]();
      for (;;) {
        const { value, done } = await this.#objects.next();
        if (done === true) return undefined;
        if (value.name <= this.#behind) continue;
        this.#isAscending &&= value.name > this.#last;
        this.#last = value.name;
        return value;
      }
    } catch (error) {
      this.#objects = undefined;
      this.#behind = this.#last;
      if (this.#isAscending || !isPassing(error)) throw error;
      throw new StorageError(error.message, { cause: error, isFinal: true });
    }
  }

  async close(): Promise<void> {
    await this.#objects?.return?.();
  }
}
