/** A table of registers that tries again, and whose every call ends by a signal: for one behind a network. */
import { interruption } from "@bcat/errors";
import { Retries, type RetryOptions } from "../retrying.js";
import type { RegisterTable } from "./register-table.js";

/**
 * Wraps `inner`. An insert whose first try has an unknown outcome may throw "exists" for a value that is its own, as it
 * may without retrying: the caller reads and compares.
 */
export function createRetryingTable(inner: RegisterTable, options: RetryOptions): RegisterTable {
  const retries = new Retries(options);
  const { signal } = options;
  const again = <T>(call: () => Promise<T>): Promise<T> => untilAborted(signal, () => retries.run(signal, call));
  return {
    kind: inner.kind,
    location: inner.location,
    state: () => again(() => inner.state()),
    create: () => again(() => inner.create()),
    get: (...given) => again(() => inner.get(...given)),
    insert: (...given) => again(() => inner.insert(...given)),
    close: (token) => again(() => inner.close(token)),
    claim: (...given) => again(() => inner.claim(...given)),
    fill: (...given) => again(() => inner.fill(...given)),
    open: (...given) => again(() => inner.open(...given)),
    [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
  };
}

/** The call underneath may go on; it is over for the caller. */
function untilAborted<T>(signal: AbortSignal | undefined, run: () => Promise<T>): Promise<T> {
  if (signal === undefined) return run();
  if (signal.aborted) return Promise.reject(interruption(signal));
  return new Promise((resolve, reject) => {
    const abort = () => reject(interruption(signal));
    signal.addEventListener("abort", abort, { once: true });
    run()
      .then(resolve, (error: unknown) => reject(signal.aborted ? interruption(signal) : error))
      .finally(() => signal.removeEventListener("abort", abort));
  });
}
