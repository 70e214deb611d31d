/**
 * Opened pages of segments, least recently used first out, bounded in bytes. A page has a slot, and the memory of a slot
 * is used again: a look-up makes no garbage, whether its page is here or not. What {@link CachedPages.get} gives out is
 * therefore valid only until {@link PAGES_VALID} other pages have been asked for.
 */

/** Bytes of a slot: of the larger pages, those of pack records. */
const SLOT_SIZE = 65_536;
/** A slot takes a sealed page too before it is opened. */
const SCRATCH_SIZE = SLOT_SIZE + 16;
/** Pages that are surely still valid when as many have been asked for since. */
export const PAGES_VALID = 3;
const NO_SLOT = -1;

export class PageCache {
  /** Memory that one page at a time may pass through on its way into its slot. */
  readonly scratch = new Uint8Array(SCRATCH_SIZE);
  readonly #slots: Uint8Array[] = [];
  readonly #slotMax: number;
  /** Whose page a slot has, and which. */
  readonly #owners: (CachedPages | undefined)[] = [];
  readonly #pages: Int32Array;
  /** A ring of all slots; behind slot `#slotMax`, which has no page, comes the one used last. */
  readonly #next: Int32Array;
  readonly #previous: Int32Array;

  /** @param limit most bytes of pages kept; four pages are always */
  constructor(limit: number) {
    this.#slotMax = Math.max(PAGES_VALID + 1, Math.floor(limit / SLOT_SIZE));
    this.#pages = new Int32Array(this.#slotMax);
    this.#next = new Int32Array(this.#slotMax + 1).fill(this.#slotMax);
    this.#previous = new Int32Array(this.#slotMax + 1).fill(this.#slotMax);
  }

  /** The memory of slot `slot`, which becomes the one used last. */
  use(slot: number): Uint8Array {
    if (this.#next[this.#slotMax] !== slot) {
      this.#unlink(slot);
      this.#link(slot, this.#slotMax);
    }
    return this.#slots[slot]!;
  }

  /** Gives the slot used longest ago to page `page` of `owner`. */
  assign(owner: CachedPages, page: number): number {
    const oldest = this.#previous[this.#slotMax]!;
    const isFree = oldest !== this.#slotMax && this.#owners[oldest] === undefined;
    let slot = this.#slots.length;
    if (slot < this.#slotMax && !isFree) this.#slots.push(new Uint8Array(SLOT_SIZE));
    else {
      slot = oldest;
      this.#unlink(slot);
      this.#owners[slot]?.forget(this.#pages[slot]!);
    }
    this.#owners[slot] = owner;
    this.#pages[slot] = page;
    this.#link(slot, this.#slotMax);
    return slot;
  }

  /** Frees slot `slot`: it is the next to be assigned. */
  release(slot: number): void {
    this.#owners[slot] = undefined;
    this.#unlink(slot);
    this.#link(slot, this.#previous[this.#slotMax]!);
  }

  #unlink(slot: number): void {
    this.#next[this.#previous[slot]!] = this.#next[slot]!;
    this.#previous[this.#next[slot]!] = this.#previous[slot]!;
  }

  #link(slot: number, before: number): void {
    const after = this.#next[before]!;
    this.#next[before] = slot;
    this.#previous[slot] = before;
    this.#next[slot] = after;
    this.#previous[after] = slot;
  }
}

/** The pages of one segment, some of which are in the cache. */
export class CachedPages {
  readonly #cache: PageCache;
  /** Slot of each page. */
  readonly #slots: Int32Array;
  readonly #open: (page: number, target: Uint8Array) => void;

  /** @param open writes the bytes of a page to the head of `target` */
  constructor(cache: PageCache, count: number, open: (page: number, target: Uint8Array) => void) {
    this.#cache = cache;
    this.#slots = new Int32Array(count).fill(NO_SLOT);
    this.#open = open;
  }

  /** Memory that begins with the bytes of page `page`; not to be changed, and valid for a while only. */
  get(page: number): Uint8Array {
    const known = this.#slots[page]!;
    if (known !== NO_SLOT) return this.#cache.use(known);
    const slot = this.#cache.assign(this, page);
    const memory = this.#cache.use(slot);
    try {
      this.#open(page, memory);
    } catch (error) {
      this.#cache.release(slot);
      throw error;
    }
    this.#slots[page] = slot;
    return memory;
  }

  /** Called by the cache: the page has lost its slot. */
  forget(page: number): void {
    this.#slots[page] = NO_SLOT;
  }

  /** Gives up all slots. */
  release(): void {
    for (let page = 0; page < this.#slots.length; page++) {
      const slot = this.#slots[page]!;
      if (slot === NO_SLOT) continue;
      this.#slots[page] = NO_SLOT;
      this.#cache.release(slot);
    }
  }
}
