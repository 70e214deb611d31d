/**
 * The runs of the local index: segments as they were stored, and merged ones, all in one layout (docs/decisions/0003).
 * Runs of a session that has not committed are kept apart from those an outcome names, so that they can be forgotten.
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
  PageCache,
  Segment,
  TREE,
} from "@bcat/pack";
import type { IndexStore } from "./index-store.js";

/** Opened pages of segments kept in memory, bytes. */
const PAGES_SIZE_MAX = 64 * 2 ** 20;
/** Runs of one kind before the smaller ones are merged. */
const RUNS_MAX = 8;
/** The size of a merged run is not limited by the format. */
const RUN_SIZE_MAX = Number.MAX_SAFE_INTEGER;
const KINDS: readonly BlobKind[] = [DATA, TREE];

export class IndexRuns implements Disposable {
  readonly index = new ChunkIndex();
  readonly #context: PackContext;
  readonly #store: IndexStore;
  readonly #pages = new PageCache(PAGES_SIZE_MAX);
  #uncommitted: Segment[] = [];

  constructor(context: PackContext, store: IndexStore) {
    this.#context = context;
    this.#store = store;
  }

  /** True while a session of this process has stored segments and not committed. */
  get hasUncommitted(): boolean {
    return this.#uncommitted.length > 0;
  }

  /** Names of all runs. */
  names(): string[] {
    return KINDS.flatMap((kind) => this.index.segments(kind).map((run) => run.name));
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
    for (const run of runs) this.index.addSegment(run);
    return true;
  }

  /** Adds a segment that an outcome names. @throws CorruptError when it is none; then it is not kept either */
  add(name: string, bytes: Uint8Array): void {
    // Opened from memory first: what does not open must not reach the store.
    new Segment(this.#context, { name, source: memorySource(bytes) }, this.#pages);
    this.#adopt(name, bytes);
  }

  /** Adds a segment that this process has stored, until {@link commit} or {@link forgetUncommitted}. */
  addOwn(name: string, bytes: Uint8Array): void {
    const run = this.#adopt(name, bytes);
    const { kind } = run.counts;
    const others = this.#uncommitted.filter((other) => other.counts.kind !== kind);
    const own = [...this.#uncommitted.filter((other) => other.counts.kind === kind), run];
    this.#uncommitted = [...others, ...this.#merge(own)];
  }

  /** Keeps the own segments: an outcome names them now. */
  commit(): void {
    this.#uncommitted = [];
    this.merge();
  }

  /** True when the next process finds all runs. */
  get isKept(): boolean {
    return this.names().every((name) => this.#store.holds(name));
  }

  /** Forgets what a session has added that did not commit: what no outcome names must not be referred to. */
  forgetUncommitted(): void {
    for (const run of this.#uncommitted.splice(0)) this.#remove(run);
    for (const kind of KINDS) this.index.clearAdded(kind);
  }

  /** Forgets all runs. */
  clear(): void {
    for (const kind of KINDS) for (const run of this.index.segments(kind)) this.#remove(run);
  }

  /** Merges the smaller runs of each kind once there are too many. Not while segments are uncommitted. */
  merge(): void {
    for (const kind of KINDS) this.#merge(this.index.segments(kind));
  }

  [Symbol.dispose](): void {
    for (const kind of KINDS) for (const run of this.index.segments(kind)) run[Symbol.dispose]();
  }

  #open(name: string): Segment | undefined {
    const source = this.#store.open(name);
    if (source === undefined) return undefined;
    try {
      return new Segment(this.#context, { name, source, sizeMax: RUN_SIZE_MAX }, this.#pages);
    } catch (error) {
      source.close();
      if (isBcatError(error, "storage-failed")) throw error;
      return undefined;
    }
  }

  #adopt(name: string, bytes: Uint8Array): Segment {
    const source = this.#store.write(name, (sink) => sink(bytes));
    const run = new Segment(this.#context, { name, source }, this.#pages);
    this.index.addSegment(run);
    return run;
  }

  #remove(run: Segment): void {
    this.index.removeSegment(run);
    run[Symbol.dispose]();
  }

  /**
   * Merges the smaller of these runs, all of one kind, once there are too many, and returns what they are then: each
   * entry is copied about log(size) times in all.
   */
  #merge(runs: readonly Segment[]): readonly Segment[] {
    if (runs.length <= RUNS_MAX) return runs;
    const ascending = [...runs].sort((a, b) => a.counts.entryCount - b.counts.entryCount);
    const chosen: Segment[] = [];
    let entries = 0;
    for (const run of ascending) {
      if (chosen.length >= 2 && run.counts.entryCount > 2 * entries) break;
      if (!canMerge([...chosen, run])) break;
      chosen.push(run);
      entries += run.counts.entryCount;
    }
    if (chosen.length < 2) return runs;
    return [...ascending.slice(chosen.length), this.#replace(chosen)];
  }

  #replace(chosen: readonly Segment[]): Segment {
    const name = `cache/${Buffer.from(this.#context.random(16)).toString("hex")}`;
    const source: ByteSource = this.#store.write(name, (sink) => {
      mergeSegments(this.#context, chosen, { name, epoch: 0, domain: 0, sink });
    });
    const merged = new Segment(this.#context, { name, source, sizeMax: RUN_SIZE_MAX }, this.#pages);
    for (const run of chosen) this.#remove(run);
    this.index.addSegment(merged);
    return merged;
  }
}
