/**
 * For servers that give whole objects only: each is loaded once for all of its ranges, one at a time, and the last ones
 * are kept.
 */

/** Bytes that are kept: two or three packs. A larger object is kept until the next one comes, alone. */
const keptSizeMax = 2 ** 27 + 2 ** 26;

export class WholeObjects {
  /** The one that was asked for last is the last one. */
  readonly #kept = new Map<string, Uint8Array>();
  #size = 0;
  #turn: Promise<unknown> = Promise.resolve();

  /** The object of that name, from `load` when it is not kept. Shared: it must not be changed. */
  get(name: string, load: () => Promise<Uint8Array | undefined>): Promise<Uint8Array | undefined> {
    const turn = this.#turn.then(async () => this.#find(name) ?? this.#keep(name, await load()));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  #find(name: string): Uint8Array | undefined {
    const found = this.#kept.get(name);
    if (found === undefined) return undefined;
    this.#kept.delete(name);
    this.#kept.set(name, found);
    return found;
  }

  #keep(name: string, bytes: Uint8Array | undefined): Uint8Array | undefined {
    if (bytes === undefined) return undefined;
    for (const [other, { length }] of this.#kept) {
      if (this.#size + bytes.length <= keptSizeMax) break;
      this.#kept.delete(other);
      this.#size -= length;
    }
    this.#kept.set(name, bytes);
    this.#size += bytes.length;
    return bytes;
  }
}
