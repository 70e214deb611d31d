/**
 * Which snapshot refers to each chunk: none, one, or several. A column of 4 bytes an entry of the index; the limit is the
 * memory of the process, 400 MB for 100 million chunks.
 *
 * A tree is read for the first snapshot that refers to it, and once more for the second: then all below it is several's,
 * and nobody looks again.
 */
import { type BlobKind, type ChunkNumbers, TREE } from "@bcat/pack";
import type { Snapshot } from "@bcat/repository";
import { walkReferences } from "../references/walk-references.js";
import type { TreeSource } from "../tree/tree-reader.js";
import type { StatsRun } from "./stats-run.js";

const NOBODY = 0;
const SEVERAL = 2 ** 32 - 1;

/** True for a chunk that the index knows, and that cannot be had. */
export type IsLost = (kind: BlobKind, id: Uint8Array) => boolean;

export class ChunkOwners {
  /** References to chunks that the index does not know, and chunks that are lost. */
  missing = 0;
  readonly #numbers: ChunkNumbers;
  readonly #isLost: IsLost;
  readonly #owners: Uint32Array;

  constructor(numbers: ChunkNumbers, isLost: IsLost) {
    this.#numbers = numbers;
    this.#isLost = isLost;
    this.#owners = new Uint32Array(numbers.count);
  }

  /** Marks all that `snapshot`, the one of this index from 0 on, refers to. @throws as walkReferences */
  async add(source: TreeSource, snapshot: Snapshot, index: number, run: StatsRun): Promise<void> {
    await walkReferences(source, snapshot, {
      visit: (kind, { id }) => this.#mark(kind, id, index + 1),
      step: () => run.tree(),
    });
  }

  /** True when a snapshot refers to the chunk of this number. */
  isLive(number: number): boolean {
    return this.#owners[number] !== NOBODY;
  }

  /** Index of the only snapshot that refers to the chunk of this number; undefined when none does, or several do. */
  onlyOwnerOf(number: number): number | undefined {
    const owner = this.#owners[number]!;
    return owner === NOBODY || owner === SEVERAL ? undefined : owner - 1;
  }

  /** True when what lies below a tree is to be looked at. */
  #mark(kind: BlobKind, id: Uint8Array, owner: number): boolean {
    const number = this.#numbers.of(kind, id);
    if (number < 0) {
      this.missing++;
      return kind === TREE;
    }
    const before = this.#owners[number]!;
    if (before === owner || before === SEVERAL) return false;
    if (before === NOBODY && this.#isLost(kind, id)) this.missing++;
    this.#owners[number] = before === NOBODY ? owner : SEVERAL;
    return true;
  }
}
