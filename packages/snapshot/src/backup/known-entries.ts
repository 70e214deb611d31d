/**
 * The entries of one directory as several parents have them, asked for in order of name: of those that have an entry the
 * first tells of it. Nearly always there is one parent; several, where a backup was interrupted in the directory.
 */
import type { Repository } from "@bcat/repository";
import { ParentEntries, type ParentEntry } from "./parent-entries.js";
import type { ParentRoot } from "./parent-root.js";
import type { KnownDirectory } from "./visit.js";

export class KnownEntries {
  readonly #parents: readonly { readonly root: ParentRoot; readonly entries: ParentEntries }[];
  /** Of the entry found last; of the first parent when it was not found. */
  root: ParentRoot;

  /** @param known at least one, the first to be asked first */
  constructor(repository: Repository, known: readonly KnownDirectory[]) {
    this.#parents = known.map(({ root, record }) => ({ root, entries: new ParentEntries(repository, record) }));
    this.root = known[0]!.root;
  }

  /** True when {@link find} can answer for `name` without {@link nextLeaf}. */
  covers(name: Uint8Array): boolean {
    return this.#parents.every(({ entries }) => entries.covers(name));
  }

  /** For a name that is not covered. */
  async nextLeaf(name: Uint8Array): Promise<void> {
    for (const { entries } of this.#parents) if (!entries.covers(name)) await entries.nextLeaf();
  }

  find(name: Uint8Array): ParentEntry | undefined {
    let found: ParentEntry | undefined;
    this.root = this.#parents[0]!.root;
    // All are asked: each goes on from where it was.
    for (const { root, entries } of this.#parents) {
      const entry = entries.find(name);
      if (found !== undefined || entry === undefined) continue;
      found = entry;
      this.root = root;
    }
    return found;
  }
}
