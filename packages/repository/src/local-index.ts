/**
 * The index of a repository as a client keeps it: runs in the cache, or in memory. Opened when it is first asked for:
 * who lists snapshots needs none. What the history names and the runs lack is fetched then, and at every later look.
 */
import { CorruptError } from "@bcat/errors";
import { type ChunkIndex, type PackContext, PackNames, PageCache } from "@bcat/pack";
import type { Storage } from "@bcat/storage";
import type { SegmentReference } from "./bodies/references.js";
import type { History } from "./history.js";
import { IndexRuns } from "./index-runs.js";
import type { IndexStore } from "./index-store.js";
import { readAhead } from "./read-ahead.js";
import { readSegment } from "./read-segment.js";

/** Opened pages of segments kept in memory, bytes. */
const PAGES_SIZE_MAX = 64 * 2 ** 20;

/** Where segments are taken from. */
interface TakeSource {
  readonly history: History;
  readonly storage: Storage;
  /** The storage, asked ahead. */
  readonly segments: Pick<Storage, "get">;
  readonly strict: boolean;
}

export class LocalIndex implements Disposable {
  readonly #context: PackContext;
  readonly #store: IndexStore;
  readonly #pages = new PageCache(PAGES_SIZE_MAX);
  readonly #runs: IndexRuns;
  /** Names of runs that an earlier process left and nobody has asked for yet. */
  #closed: readonly string[] | undefined;
  /** Head of the log whose condemned packs the runs know. */
  #logHead = 0;
  /** Those of them that prunes have dropped, and up to which record of the log they were looked for in the runs. */
  readonly #dropped = new PackNames();
  #droppedHead: number;
  #droppedKnown = 0;

  /** @param left by an earlier process: names of runs, and the records up to which they were rid of dropped packs */
  constructor(
    context: PackContext,
    store: IndexStore,
    left: { readonly runs: readonly string[]; readonly droppedHead: number },
  ) {
    this.#context = context;
    this.#store = store;
    this.#runs = this.fork();
    this.#closed = left.runs;
    this.#droppedHead = left.droppedHead;
  }

  /** Where the chunks are that outcomes name. Good as far as {@link update} brought it. */
  get chunks(): ChunkIndex {
    return this.#runs.chunks;
  }

  /** Names of all runs. */
  names(): readonly string[] {
    return this.#closed ?? this.#runs.names();
  }

  /** True when the next process finds all runs. */
  get isKept(): boolean {
    return this.names().every((name) => this.#store.holds(name));
  }

  /** True when {@link update} would change nothing. */
  isCurrent(history: History): boolean {
    const isOpen = this.#closed === undefined && history.pending.size === 0;
    return isOpen && this.#logHead === history.logHead && this.#droppedHead >= history.droppedHead;
  }

  /**
   * Takes up what the history knows and the runs do not. Not to be called again before it has ended.
   *
   * @throws CorruptError in strict mode, naming a segment; else it is noted in the problems of the history. StorageError
   */
  async update(history: History, storage: Storage, { strict }: { readonly strict: boolean }): Promise<void> {
    if (this.#closed !== undefined && !this.#runs.load(this.#closed)) await history.readAgain(storage, strict);
    this.#closed = undefined;
    while (!this.isCurrent(history)) {
      this.#takeLog(history);
      const expected = [...history.pending].map(([name, { size }]) => ({ name, size }));
      const segments = readAhead(storage, expected);
      for (const [name, reference] of history.pending)
        await this.#take(name, reference, { history, storage, segments, strict });
      this.#drop(history);
    }
  }

  #takeLog({ log, logHead }: History): void {
    for (const packs of log.referencesBehind(this.#logHead)) this.chunks.condemnAll(packs);
    this.#logHead = logHead;
  }

  /** Only now: what was in dropped packs is found in the segments that were taken up. */
  #drop({ log, droppedHead }: History): void {
    for (const packs of log.referencesBehind(this.#droppedKnown, droppedHead)) this.#dropped.addAll(packs);
    this.#droppedKnown = Math.max(this.#droppedKnown, droppedHead);
    if (droppedHead <= this.#droppedHead) return;
    this.#droppedHead = droppedHead;
    this.#runs.dropDead();
  }

  /** One that cannot be had may have been removed since: the history tells. */
  async #take(
    name: string,
    reference: SegmentReference,
    { history, storage, segments, strict }: TakeSource,
  ): Promise<void> {
    try {
      this.#runs.add(name, await readSegment({ storage: segments, context: this.#context }, reference));
    } catch (error) {
      if (!(error instanceof CorruptError)) throw error;
      await history.refresh(storage, { strict });
      const isRemoved = !history.segments.has(name);
      if (!isRemoved && strict) throw error;
      if (!isRemoved) history.problems.push(error);
    }
    history.pending.delete(name);
    history.isChanged = true;
  }

  /** An empty set of runs, for a session. */
  fork(): IndexRuns {
    return new IndexRuns({
      context: this.#context,
      store: this.#store,
      pages: this.#pages,
      dropped: this.#dropped,
    });
  }

  /** Takes over what a session has stored: an outcome names it now. */
  adopt(runs: IndexRuns): void {
    this.#runs.adopt(runs);
  }

  [Symbol.dispose](): void {
    this.#runs[Symbol.dispose]();
  }
}
