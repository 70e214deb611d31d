/**
 * A storage whose every call ends when a signal is aborted, whatever the storage does: for what a user may interrupt.
 * The call underneath is told through its own `signal`, and is left alone if it does not listen.
 */
import { setMaxListeners } from "node:events";
import { interruption } from "@bcat/errors";
import type { GetOptions, ListedObject, PutOptions, Storage } from "./storage.js";

/**
 * Wraps `inner`. Once `signal` is aborted each call rejects with a BcatError of code "interrupted"; a write may then be
 * done all the same, now or later, and `inner` may still read its bytes: they must not be changed any more.
 */
export function createAbortableStorage(inner: Storage, signal: AbortSignal): Storage {
  const abortable = <T>(run: () => Promise<T>): Promise<T> => untilAborted(signal, run);
  return {
    location: inner.location,
    ...(inner.uploads !== undefined && { uploads: inner.uploads }),
    get: (name: string, options?: GetOptions) => abortable(() => inner.get(name, withSignal(options, signal))),
    put: (name: string, bytes: Uint8Array, options?: PutOptions) =>
      abortable(() => inner.put(name, bytes, withSignal(options, signal))),
    putIfAbsent: (name: string, bytes: Uint8Array, options?: PutOptions) =>
      abortable(() => inner.putIfAbsent(name, bytes, withSignal(options, signal))),
    ...(inner.list && { list: (prefix: string) => each(inner.list!(prefix), signal) }),
    ...(inner.listTemporary && { listTemporary: () => each(inner.listTemporary!(), signal) }),
    ...(inner.deleteTemporary && { deleteTemporary: (name: string) => abortable(() => inner.deleteTemporary!(name)) }),
    ...(inner.delete && { delete: (name: string) => abortable(() => inner.delete!(name)) }),
  };
}

function withSignal<O extends { readonly signal?: AbortSignal }>(options: O | undefined, signal: AbortSignal) {
  const own = options?.signal;
  return { ...options, signal: own === undefined || own === signal ? signal : AbortSignal.any([own, signal]) };
}

async function* each(objects: AsyncIterable<ListedObject>, signal: AbortSignal): AsyncGenerator<ListedObject> {
  const iterator = objects[Symbol.asyncIterator]();
  for (;;) {
    const { value, done } = await untilAborted(signal, () => iterator.next());
    if (done === true) return;
    yield value;
  }
}

/** The call underneath may go on; it is over for the caller. */
export function untilAborted<T>(signal: AbortSignal, run: () => Promise<T>): Promise<T> {
  if (signal.aborted) return Promise.reject(interruption(signal));
  const waiting = waitingFor(signal);
  return new Promise((resolve, reject) => {
    const abort = () => reject(interruption(signal));
    waiting.add(abort);
    run()
      .then(resolve, (error: unknown) => reject(signal.aborted ? interruption(signal) : error))
      .finally(() => waiting.delete(abort));
  });
}

/** Calls under way by their signal, which has one listener however many they are. */
const calls = new WeakMap<AbortSignal, Set<() => void>>();

function waitingFor(signal: AbortSignal): Set<() => void> {
  const known = calls.get(signal);
  if (known !== undefined) return known;
  const waiting = new Set<() => void>();
  calls.set(signal, waiting);
  // The storage underneath may listen once for each request under way, and limits their number.
  setMaxListeners(0, signal);
  signal.addEventListener("abort", () => waiting.forEach((abort) => void abort()), { once: true });
  return waiting;
}
