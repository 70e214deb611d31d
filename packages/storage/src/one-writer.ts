/**
 * For a storage whose put-if-absent is none, and that one writer at a time uses: it looks before it writes. Two writers
 * that come at the same time are not kept apart; two that come one after the other are.
 */
import { StorageError } from "@bcat/errors";
import { registerExists } from "./exists.js";
import type { PutOptions, Storage } from "./storage.js";

/** Wraps `inner`, whose `putIfAbsent` may overwrite, or be refused for good. */
export function createOneWriterStorage(inner: Storage): Storage {
  return {
    location: inner.location,
    ...(inner.uploads !== undefined && { uploads: inner.uploads }),
    get: (name, options) => inner.get(name, options),
    put: (name, bytes, options) => inner.put(name, bytes, options),
    async putIfAbsent(name: string, bytes: Uint8Array, options?: PutOptions) {
      const { signal } = options ?? {};
      if ((await inner.get(name, signal === undefined ? {} : { signal })) !== undefined)
        throw registerExists(name, inner.location);
      try {
        await inner.putIfAbsent(name, bytes, options);
      } catch (error) {
        if (!(error instanceof StorageError && error.isFinal)) throw error;
        // Where it was no permission that was missing, but the condition that the service does not know.
        await inner.put(name, bytes, options).catch((refusal: unknown) => {
          if (!error.mayBeDone || !(refusal instanceof StorageError)) throw refusal;
          const { message, isFinal } = refusal;
          throw new StorageError(message, { cause: refusal, isFinal, mayBeDone: true });
        });
      }
    },
    ...(inner.list && { list: (prefix: string) => inner.list!(prefix) }),
    ...(inner.listTemporary && { listTemporary: () => inner.listTemporary!() }),
    ...(inner.deleteTemporary && { deleteTemporary: (name: string) => inner.deleteTemporary!(name) }),
    ...(inner.delete && { delete: (name: string) => inner.delete!(name) }),
  };
}
