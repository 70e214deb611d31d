/**
 * What snapshots need of the storage: the bytes of the chunks that they refer to, each chunk counted where it is met first.
 * Memory: one bit a chunk of the repository.
 */
import { BcatError } from "@bcat/errors";
import { type BlobKind, type ChunkIndex, ChunkNumbers, storedShare } from "@bcat/pack";
import type { Repository } from "@bcat/repository";
import { type ReferenceVisitor, walkReferences } from "../references/walk-references.js";
import { Turns } from "../turns.js";

export interface SpaceOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told as it goes on how many snapshots have been walked. */
  readonly onProgress?: ((snapshotsDone: number) => void) | undefined;
}

export class NeededSpace {
  readonly #repository: Repository;
  readonly #index: ChunkIndex;
  readonly #numbers: ChunkNumbers;
  /** A bit for each number of a chunk. */
  readonly #met: Uint8Array;
  readonly #turns: Turns;
  readonly #options: SpaceOptions;
  #bytes = 0;
  #walked = 0;

  private constructor(repository: Repository, index: ChunkIndex, options: SpaceOptions) {
    this.#repository = repository;
    this.#index = index;
    this.#numbers = new ChunkNumbers(index);
    this.#met = new Uint8Array(Math.ceil(this.#numbers.count / 8));
    this.#turns = new Turns(repository.environment.now);
    this.#options = options;
  }

  static async of(repository: Repository, options: SpaceOptions): Promise<NeededSpace> {
    return new NeededSpace(repository, await repository.index(), options);
  }

  /**
   * Bytes that snapshot `number` needs beyond those that were added before.
   *
   * @throws CorruptError when its trees cannot be read; BcatError interrupted; StorageError
   */
  async add(number: number): Promise<number> {
    const outcome = await this.#repository.readOutcome(number);
    if (outcome?.kind !== "snapshot") return 0;
    this.#bytes = 0;
    await walkReferences(this.#repository, outcome.snapshot, this.#visitor);
    this.#options.onProgress?.(++this.#walked);
    return Math.round(this.#bytes);
  }

  readonly #visitor: ReferenceVisitor = {
    visit: (kind, { id }) => {
      const isNew = this.#meet(this.#numbers.of(kind, id));
      if (isNew) this.#bytes += this.#sizeOf(kind, id);
      return isNew;
    },
    step: () => (this.#turns.entry() ? this.#breathe() : undefined),
  };

  /** True the first time; false for what the index does not know. */
  #meet(number: number): boolean {
    if (number < 0) return false;
    const bit = 1 << (number & 7);
    const byte = this.#met[number >>> 3]!;
    this.#met[number >>> 3] = byte | bit;
    return (byte & bit) === 0;
  }

  #sizeOf(kind: BlobKind, id: Uint8Array): number {
    const [location] = this.#index.locate(kind, id);
    return location === undefined ? 0 : storedShare(location.pack.table, location.offset, location.length);
  }

  async #breathe(): Promise<void> {
    await this.#turns.take();
    if (this.#options.signal?.aborted === true)
      throw new BcatError("interrupted", "interrupted; nothing was forgotten");
  }
}
