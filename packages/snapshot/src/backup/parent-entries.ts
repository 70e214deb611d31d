/** The entries of one directory of a parent snapshot, asked for in order of name. */
import { isBcatError } from "@bcat/errors";
import type { Repository } from "@bcat/repository";
import { compareBytes } from "../tree/name.js";
import type { Node } from "../tree/node.js";
import type { FoundRecord } from "../tree/scan.js";
import { decodeScanStats, type ScanStats } from "../tree/scan-stats.js";
import { readNodes } from "../tree/tree-reader.js";
import type { EntryTable } from "./entry-table.js";

/** An entry of the parent: its node, and the stat data its node lacks. */
export interface ParentEntry {
  readonly node: Node;
  readonly stats: ScanStats;
  /** Row in `stats`. */
  readonly row: number;
}

/** Reads the nodes a leaf at a time. Damage ends them: what follows is then read as if it were new. */
export class ParentEntries {
  readonly #leaves: AsyncIterator<readonly Node[]>;
  readonly #record: FoundRecord;
  #stats: ScanStats | undefined;
  #leaf: readonly Node[] = [];
  #at = 0;
  #passed = 0;
  #ended = false;

  constructor(repository: Repository, record: FoundRecord) {
    this.#record = record;
    this.#leaves = readNodes(repository, record.tree);
  }

  /** True when {@link find} can answer for `name` without {@link nextLeaf}. */
  covers(name: Uint8Array): boolean {
    const last = this.#leaf.at(-1);
    return this.#ended || (last !== undefined && compareBytes(name, last.name) <= 0);
  }

  async nextLeaf(): Promise<void> {
    this.#passed += this.#leaf.length;
    this.#leaf = [];
    this.#at = 0;
    try {
      const { value, done } = await this.#leaves.next();
      if (done === true || value.length === 0) this.#ended = true;
      else this.#leaf = value;
      this.#stats ??= decodeScanStats(this.#record, { what: "a scan record" });
    } catch (error) {
      if (!isBcatError(error, "corrupt")) throw error;
      this.#ended = true;
    }
  }

  find(name: Uint8Array): ParentEntry | undefined {
    for (; this.#at < this.#leaf.length; this.#at++) {
      const node = this.#leaf[this.#at]!;
      const order = compareBytes(node.name, name);
      if (order > 0) return undefined;
      const row = this.#passed + this.#at;
      if (order === 0 && this.#stats !== undefined && row < this.#record.entryCount)
        return { node, stats: this.#stats, row };
    }
    return undefined;
  }
}

export function hasCtime({ stats, row: from }: ParentEntry, { columns }: EntryTable, row: number): boolean {
  return (
    stats.ctimeSeconds[from] === columns.ctimeSeconds[row] &&
    stats.ctimeNanoseconds[from] === columns.ctimeNanoseconds[row]
  );
}

export function hasInode({ stats, row: from }: ParentEntry, { columns }: EntryTable, row: number): boolean {
  return (
    stats.inodes[2 * from] === columns.inodes[2 * row] && stats.inodes[2 * from + 1] === columns.inodes[2 * row + 1]
  );
}
