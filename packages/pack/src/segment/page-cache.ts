/** Opened pages of segments, least recently used first out, bounded in bytes. */
export class PageCache {
  readonly #limit: number;
  readonly #pages = new Map<string, Uint8Array>();
  readonly #owners = new WeakMap<object, number>();
  #nextOwner = 0;
  #bytes = 0;

  /** @param limit most bytes of pages kept */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The page `index` of `owner`, opened by `open` when it is not here. */
  get(owner: object, index: number, open: () => Uint8Array): Uint8Array {
    const key = `${this.#ownerNumber(owner)}/${index}`;
    let page = this.#pages.get(key);
    if (page === undefined) {
      page = open();
      this.#bytes += page.length;
    } else this.#pages.delete(key);
    this.#pages.set(key, page);
    this.#evict();
    return page;
  }

  #ownerNumber(owner: object): number {
    let number = this.#owners.get(owner);
    if (number === undefined) {
      number = ++this.#nextOwner;
      this.#owners.set(owner, number);
    }
    return number;
  }

  #evict(): void {
    for (const [key, page] of this.#pages) {
      if (this.#bytes <= this.#limit || this.#pages.size === 1) return;
      this.#pages.delete(key);
      this.#bytes -= page.length;
    }
  }
}
