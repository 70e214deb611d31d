/** How many entries something is true of, and the first of them by name. */

/** Entries that are told by name. */
const NAMED_MAX = 5;

export interface CountedEntries {
  readonly count: number;
  /** Paths in the snapshot, of some. */
  readonly first: readonly Uint8Array[];
}

export class EntryCounter implements CountedEntries {
  count = 0;
  readonly first: Uint8Array[] = [];

  add(path: Uint8Array): void {
    this.count++;
    if (this.first.length < NAMED_MAX) this.first.push(path);
  }
}
