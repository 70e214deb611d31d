/**
 * Runs of index entries: segments as they were stored, and merged ones, all in one layout (docs/decisions/0003). One set
 * holds what outcomes name; a session has a set of its own for what it has stored, which joins the other when it commits.
 */
import { isBcatError } from "@bcat/errors";
import {
  type BlobKind,
  type ByteSource,
  ChunkIndex,
  canMerge,
  DATA,
  memorySource,
  mergeSegments,
  type PackContext,
  type PackNames,
  type PageCache,
  packsOfMerged,
  Segment,
  TREE,
} from "@bcat/pack";
import type { IndexStore } from "./index-store.js";

/** Runs of one kind in a set before the smaller ones are merged. */
const RUNS_MAX = 8;
/** The size of a merged run is not limited by the format. */
const RUN_SIZE_MAX = Number.MAX_SAFE_INTEGER;
/** Share of the packs of a run that may be dropped ones before it is written anew without them. */
const DROPPED_SHARE_MAX = 0.25;
const KINDS: readonly BlobKind[] = [DATA, TREE];

export interface IndexRunsParts {
  readonly context: PackContext;
  readonly store: IndexStore;
  readonly pages: PageCache;
  /** Object names of packs that prunes have dropped: their entries need not be kept. */
  readonly dropped: Pick<PackNames, "has">;
}

export class IndexRuns implements Disposable {
  readonly chunks: ChunkIndex;
  /** Names of the segments that were added, merged since or not. */
  readonly added = new Set<string>();
  readonly #parts: IndexRunsParts;

  constructor(parts: IndexRunsParts) {
    this.#parts = parts;
    this.chunks = new ChunkIndex(parts.dropped);
  }

  /** Names of all runs. */
  names(): string[] {
    return this.#all().map((run) => run.name);
  }

  /** Takes up runs that an earlier process has left; false, and nothing taken up, when one is not there or not whole. */
  load(names: readonly string[]): boolean {
    const runs: Segment[] = [];
    for (const name of names) {
      const run = this.#open(name);
      if (run === undefined) {
        for (const other of runs) other[Symbol.dispose]();
        return false;
      }
      runs.push(run);
    }
    for (const run of runs) this.chunks.addSegment(run);
    return true;
  }

  /** Adds a segment. @throws CorruptError when it is none; then it is not kept either */
  add(name: string, bytes: Uint8Array): void {
    const { context, store, pages } = this.#parts;
    // Opened from memory first: what does not open must not reach the store.
    new Segment(context, { name, source: memorySource(bytes) }, pages);
    const source = store.write(name, (sink) => sink(bytes));
    this.chunks.addSegment(new Segment(context, { name, source }, pages));
    this.added.add(name);
    this.#merge();
  }

  /** Takes over the runs of another set, which is then empty. */
  adopt(other: IndexRuns): void {
    for (const run of other.#all()) {
      other.chunks.removeSegment(run);
      this.chunks.addSegment(run);
    }
    this.#merge();
  }

  /** Writes runs anew of which much is in dropped packs. */
  dropDead(): void {
    for (const run of this.#all()) {
      const { packCount } = run.counts;
      const live = packsOfMerged([run], this.#parts.dropped).size;
      if (packCount - live > DROPPED_SHARE_MAX * packCount) this.#replace([run]);
    }
  }

  /** Forgets all runs. */
  [Symbol.dispose](): void {
    for (const run of this.#all()) this.#remove(run);
  }

  #all(): Segment[] {
    return KINDS.flatMap((kind) => this.chunks.segments(kind));
  }

  #open(name: string): Segment | undefined {
    const { context, store, pages } = this.#parts;
    const source = store.open(name);
    if (source === undefined) return undefined;
    try {
      return new Segment(context, { name, source, sizeMax: RUN_SIZE_MAX }, pages);
    } catch (error) {
      source.close();
      if (isBcatError(error, "storage-failed")) throw error;
      return undefined;
    }
  }

  #remove(run: Segment): void {
    this.chunks.removeSegment(run);
    run[Symbol.dispose]();
  }

  /** Merges the smaller runs of each kind while there are too many: each entry is copied about log(size) times in all. */
  #merge(): void {
    for (const kind of KINDS) {
      for (let runs = this.chunks.segments(kind); runs.length > RUNS_MAX; runs = this.chunks.segments(kind)) {
        const chosen = chooseToMerge(runs);
        if (chosen.length < 2) break;
        this.#replace(chosen);
      }
    }
  }

  /** Puts one run in the place of those chosen, without what was dropped; none where nothing is left. */
  #replace(chosen: readonly Segment[]): void {
    if (packsOfMerged(chosen, this.#parts.dropped).size > 0) this.chunks.addSegment(this.#mergeInto(chosen));
    for (const run of chosen) this.#remove(run);
  }

  #mergeInto(chosen: readonly Segment[]): Segment {
    const { context, store, pages, dropped } = this.#parts;
    const name = `cache/${Buffer.from(context.random(16)).toString("hex")}`;
    const source: ByteSource = store.write(name, (sink) => {
      mergeSegments(context, chosen, { name, epoch: 0, domain: 0, isPadded: false, omitted: dropped, sink });
    });
    return new Segment(context, { name, source, sizeMax: RUN_SIZE_MAX }, pages);
  }
}

/** The smallest ones, up to one that is more than twice what they are together; all of one kind. */
function chooseToMerge(runs: readonly Segment[]): readonly Segment[] {
  const ascending = [...runs].sort((a, b) => a.counts.entryCount - b.counts.entryCount);
  const chosen: Segment[] = [];
  let entries = 0;
  for (const run of ascending) {
    if (chosen.length >= 2 && run.counts.entryCount > 2 * entries) break;
    if (!canMerge([...chosen, run])) break;
    chosen.push(run);
    entries += run.counts.entryCount;
  }
  return chosen;
}
