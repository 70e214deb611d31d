/**
 * Counts what a backup will have to do, ahead of it: the files of the source and their bytes, in the backup's own
 * choice, without reading contents. It takes turns with the backup, and what it meets is told by that alone.
 */

import type { Posix } from "@bcat/posix";
import { FileType } from "@bcat/posix";
import type { EntryTable } from "./entry-table.js";
import type { NamedRoot } from "./roots.js";
import type { Source, SourceRoot } from "./source.js";
import { closeDirectory } from "./source-directory.js";

export interface SourceTotals {
  readonly files: number;
  readonly bytes: number;
}

export class SourceCount {
  readonly #source: Source;
  readonly #posix: Posix;
  #files = 0;
  #bytes = 0;
  #isWanted = true;

  /** @param source for this alone */
  constructor(source: Source, posix: Posix) {
    this.#source = source;
    this.#posix = posix;
  }

  /** Undefined when it was ended, or something could not be counted. Never rejects: an estimate is worth no failure. */
  async count(roots: readonly NamedRoot[]): Promise<SourceTotals | undefined> {
    try {
      for (const root of roots) await this.#countRoot(root);
    } catch {
      // The backup meets it, too, and tells.
      return undefined;
    }
    // Of a file with several names each name has counted its part.
    return this.#isWanted ? { files: this.#files, bytes: Math.round(this.#bytes) } : undefined;
  }

  /** Ends the count soon. False when it was asked to before. */
  end(): boolean {
    const wasWanted = this.#isWanted;
    this.#isWanted = false;
    return wasWanted;
  }

  async #countRoot(named: NamedRoot): Promise<void> {
    if (!this.#isWanted) return;
    const root = await this.#source.open(named);
    try {
      if (root.opened === undefined) this.#countSingle(root);
      else await this.#countDirectories(root);
    } finally {
      this.#source.directories.closeAll();
      if (root.opened !== undefined) closeDirectory(this.#posix, root.opened);
      closeDirectory(this.#posix, root.root.parent);
    }
  }

  #countSingle({ root: { stat } }: SourceRoot): void {
    if (stat.type !== FileType.FILE) return;
    this.#files++;
    this.#bytes += stat.size;
  }

  async #countDirectories({ steps }: SourceRoot): Promise<void> {
    for await (const { kind, visit } of steps) {
      if (kind === "enter") this.#countTable(visit.table);
      else this.#source.visits.giveBack(visit);
      if (!this.#isWanted) return;
    }
  }

  #countTable({ count, columns }: EntryTable): void {
    for (let row = 0; row < count; row++) {
      if (columns.types[row] !== FileType.FILE) continue;
      this.#files++;
      this.#bytes += columns.sizes[row]! / Math.max(1, columns.links[row]!);
    }
  }
}
