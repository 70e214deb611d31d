/**
 * A storage that tries again: for storages behind a network, whose requests and answers get lost. Each call keeps the
 * caller's bytes until it settles and sends the same ones every time.
 */

import { isBcatError } from "@bcat/errors";
import { equalBytes } from "./equal-bytes.js";
import type { PutOptions, Storage } from "./storage.js";

/** How often one call asks the storage, the first time included, unless the options say otherwise. */
export const attemptsMaxDefault = 6;

export interface RetryOptions {
  /** Waits before the next attempt; `attempt` is the number of those that failed, from 1. Backoff and jitter are here. */
  readonly sleep: (attempt: number) => Promise<void>;
  /** At least 1; {@link attemptsMaxDefault} without it. */
  readonly attemptsMax?: number;
}

/**
 * Wraps `inner` so that a StorageError of `get`, `put`, `putIfAbsent` or `delete` is tried again, up to
 * `attemptsMax` times in all; the last error is thrown. Listings are hints and pass through, and every other error
 * (exists, misuse, abort) ends the call at once.
 *
 * `putIfAbsent` knows its own lost acknowledgement: "exists" after an attempt of unknown outcome makes it read the
 * register back. Equal bytes are a success, others are thrown as "exists". So two writers who send equal bytes may both
 * succeed; bcat's values never are equal, each is sealed by one session. An "exists" on the first attempt is thrown as
 * it is, and the caller compares.
 *
 * The register is sent again, not only read back, because a storage answers "exists" once the value is durable, which
 * a plain read does not say.
 */
export function createRetryingStorage(inner: Storage, options: RetryOptions): Storage {
  const retry = createRetry(options);
  return {
    location: inner.location,
    get: (name, getOptions) => retry(getOptions?.signal, () => inner.get(name, getOptions)),
    put: (name, bytes, putOptions) => retry(putOptions?.signal, () => inner.put(name, bytes, putOptions)),
    putIfAbsent: (name, bytes, putOptions) =>
      retry(putOptions?.signal, (attempt) => decide(inner, { name, bytes, attempt, options: putOptions })),
    ...(inner.list && { list: (prefix: string) => inner.list!(prefix) }),
    ...(inner.listTemporary && { listTemporary: () => inner.listTemporary!() }),
    ...(inner.delete && { delete: (name: string) => retry(undefined, () => inner.delete!(name)) }),
  };
}

type Retry = <T>(signal: AbortSignal | undefined, run: (attempt: number) => Promise<T>) => Promise<T>;

function createRetry({ sleep, attemptsMax = attemptsMaxDefault }: RetryOptions): Retry {
  if (!(Number.isSafeInteger(attemptsMax) && attemptsMax >= 1)) {
    throw new RangeError(`Cannot retry with ${attemptsMax} attempts: allowed are safe integers from 1`);
  }
  return async (signal, run) => {
    for (let attempt = 1; ; attempt++) {
      signal?.throwIfAborted();
      try {
        return await run(attempt);
      } catch (error) {
        if (attempt >= attemptsMax || !isBcatError(error, "storage-failed")) throw error;
      }
      await sleep(attempt);
    }
  };
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
