/**
 * A storage in a Map: for tests and simulations. Every operation takes effect at once, in the order of the calls, and
 * bytes are copied on the way in and on the way out.
 */

import { checkRange, clampRange } from "./byte-range.js";
import { equalBytes } from "./equal-bytes.js";
import { objectExists, registerExists } from "./exists.js";
import { checkName, checkPrefix } from "./name.js";
import type { GetOptions, ListedObject, PutOptions, Storage } from "./storage.js";

export interface MemoryStorage extends Storage {
  /** What is stored now: a live view, by name. Its buffers are the storage's own, so a test can damage them in place. */
  readonly objects: ReadonlyMap<string, Uint8Array>;
  list(prefix: string): AsyncIterable<ListedObject>;
  delete(name: string): Promise<void>;
  /** A storage of its own with the same objects: what a crash at this moment would leave. */
  clone(): MemoryStorage;
}

export function createMemoryStorage(): MemoryStorage {
  return new MapStorage(new Map());
}

class MapStorage implements MemoryStorage {
  readonly location = "memory";
  readonly #objects: Map<string, Uint8Array>;

  constructor(objects: Map<string, Uint8Array>) {
    this.#objects = objects;
  }

  get objects(): ReadonlyMap<string, Uint8Array> {
    return this.#objects;
  }

  async get(name: string, options?: GetOptions): Promise<Uint8Array | undefined> {
    checkName(name);
    checkRange(options?.range);
    options?.signal?.throwIfAborted();
    const object = this.#objects.get(name);
    if (object === undefined) return undefined;
    const { offset, length } = clampRange(options?.range, object.length);
    return object.slice(offset, offset + length);
  }

  async put(name: string, bytes: Uint8Array, options?: PutOptions): Promise<void> {
    checkName(name);
    options?.signal?.throwIfAborted();
    const existing = this.#objects.get(name);
    if (existing === undefined) this.#objects.set(name, new Uint8Array(bytes));
    else if (!equalBytes(existing, bytes)) throw objectExists(name, this.location);
  }

  async putIfAbsent(name: string, bytes: Uint8Array, options?: PutOptions): Promise<void> {
    checkName(name);
    options?.signal?.throwIfAborted();
    if (this.#objects.has(name)) throw registerExists(name, this.location);
    this.#objects.set(name, new Uint8Array(bytes));
  }

  async *list(prefix: string): AsyncGenerator<ListedObject> {
    checkPrefix(prefix);
    for (const [name, bytes] of [...this.#objects]) {
      if (name.startsWith(prefix)) yield { name, size: bytes.length };
    }
  }

  async delete(name: string): Promise<void> {
    checkName(name);
    this.#objects.delete(name);
  }

  clone(): MemoryStorage {
    return new MapStorage(new Map([...this.#objects].map(([name, bytes]) => [name, new Uint8Array(bytes)])));
  }
}
