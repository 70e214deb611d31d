/** A storage some of whose objects are other ones, or missing; nothing is copied but what is read. Read only. */
import type { GetOptions, ListedObject, Storage } from "@bcat/storage";

/** Objects by name; undefined: removed. */
export type Changes = ReadonlyMap<string, Uint8Array | undefined>;

export class OverlayStorage implements Storage {
  readonly location = "memory";
  readonly #objects: ReadonlyMap<string, Uint8Array>;
  readonly #changes: Changes;
  /** Objects that were asked for. */
  readonly read = new Set<string>();

  constructor(objects: ReadonlyMap<string, Uint8Array>, changes: Changes) {
    this.#objects = objects;
    this.#changes = changes;
  }

  async get(name: string, options?: GetOptions): Promise<Uint8Array | undefined> {
    this.read.add(name);
    const bytes = this.#bytes(name);
    if (bytes === undefined || options?.range === undefined) return bytes?.slice();
    const { offset, length } = options.range;
    return bytes.slice(offset, offset + length);
  }

  async put(name: string): Promise<void> {
    throw new Error(`nothing may write "${name}"`);
  }

  async putIfAbsent(name: string): Promise<void> {
    throw new Error(`nothing may write "${name}"`);
  }

  async *list(prefix: string): AsyncGenerator<ListedObject> {
    for (const name of this.#objects.keys()) {
      const bytes = this.#bytes(name);
      if (name.startsWith(prefix) && bytes !== undefined) yield { name, size: bytes.length };
    }
  }

  #bytes(name: string): Uint8Array | undefined {
    return this.#changes.has(name) ? this.#changes.get(name) : this.#objects.get(name);
  }
}
