/** What lies between a repository and the storage that makes the requests: counting, trying again, and an end by signal. */
import { inSentence, type OnNotice } from "@bcat/errors";
import type { RequestCounter, RetryOptions, Storage } from "@bcat/storage";

/** How long (ms) a request that fails is tried again, unless the user says. */
export const retryForMsDefault = 15 * 60_000;

export interface StackOptions {
  readonly meter: RequestCounter;
  /** Ends every call, and every wait for the next try. */
  readonly signal: AbortSignal;
  /** From when it is aborted on, nothing is tried again for long. */
  readonly stop?: AbortSignal | undefined;
  /** 0: nothing is tried again. */
  readonly retryForMs: number;
  /** Told in a line that the storage does not answer. */
  readonly onNotice: OnNotice;
}

/** For a storage behind a network, whose requests and answers get lost. */
export async function stackRemote(raw: Storage, options: StackOptions): Promise<Storage> {
  const { createAbortableStorage, createMeteredStorage, createRetryingStorage } = await import("@bcat/storage");
  const { meter, signal } = options;
  const retrying = createRetryingStorage(createMeteredStorage(raw, meter), retryOptions("storage", options));
  return createAbortableStorage(retrying, signal);
}

/** The same around what a storage can do beyond its methods. */
export async function callRemote<T>(call: () => Promise<T>, options: StackOptions): Promise<T> {
  const { Retries, untilAborted } = await import("@bcat/storage");
  const { signal } = options;
  return await untilAborted(signal, () => new Retries(retryOptions("storage", options)).run(signal, call));
}

/** How requests to `what`, such as "storage", are tried again. */
export function retryOptions(what: string, { meter, signal, stop, retryForMs, onNotice }: StackOptions): RetryOptions {
  return {
    now: () => performance.now(),
    sleep,
    random: Math.random,
    retryForMs,
    signal,
    stop,
    onRetry: () => meter.retried(),
    onTrouble: ({ error, leftMs }) =>
      onNotice(
        `${what} does not answer: ${inSentence(error.message)}; trying again for ${roundedTime(leftMs)}`,
        "no-answer",
      ),
  };
}

/** For a folder: an operating system that refuses has tried already. */
export async function stackLocal(raw: Storage, { meter, signal }: StackOptions): Promise<Storage> {
  const { createAbortableStorage, createMeteredStorage } = await import("@bcat/storage");
  return createAbortableStorage(createMeteredStorage(raw, meter), signal);
}

function sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    if (signal?.aborted === true) stop();
    else signal?.addEventListener("abort", stop, { once: true });
  });
}

/** `14 min` */
function roundedTime(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 100) return `${seconds} s`;
  return seconds < 100 * 60 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}
