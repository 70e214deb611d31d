/** Objects that a storage has said are archived: asked for once each, and known by name in the end. */
import { ArchivedError } from "@bcat/errors";
import type { Storage } from "./storage.js";

/** Memory: an error for each archived object that was met, as many as the repository has packs at most. */
export class ArchivedObjects {
  readonly #errors = new Map<string, ArchivedError>();

  /** In order. */
  get names(): string[] {
    return [...this.#errors.keys()].sort();
  }

  has(name: string): boolean {
    return this.#errors.has(name);
  }

  get count(): number {
    return this.#errors.size;
  }

  /** See {@link ArchivedError.remedy}; undefined when there are none. */
  get remedy(): string | undefined {
    for (const { remedy } of this.#errors.values()) return remedy;
    return undefined;
  }

  /** The storage, where what is known to be archived is refused without asking: a range of it is as cold as another. */
  watch(inner: Storage): Storage {
    return {
      location: inner.location,
      ...(inner.uploads !== undefined && { uploads: inner.uploads }),
      get: async (name, options) => {
        const known = this.#errors.get(name);
        if (known !== undefined) throw known;
        try {
          return await inner.get(name, options);
        } catch (error) {
          if (error instanceof ArchivedError) this.#errors.set(error.object, error);
          throw error;
        }
      },
      put: (name, bytes, options) => inner.put(name, bytes, options),
      putIfAbsent: (name, bytes, options) => inner.putIfAbsent(name, bytes, options),
      ...(inner.list && { list: (prefix: string) => inner.list!(prefix) }),
      ...(inner.listTemporary && { listTemporary: () => inner.listTemporary!() }),
      ...(inner.deleteTemporary && { deleteTemporary: (name: string) => inner.deleteTemporary!(name) }),
      ...(inner.delete && { delete: (name: string) => inner.delete!(name) }),
    };
  }
}
