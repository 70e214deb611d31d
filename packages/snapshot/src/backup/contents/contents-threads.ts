/** The other threads of a backup, started once there has been enough to do; before, and without any, none has room. */
import { decodeFrameGroup } from "@bcat/pack";
import type { ChunkStore } from "@bcat/repository";
import type { StoreTree } from "../../tree/list-writer.js";
import { ContentBuilder } from "./content-builder.js";
import { ContentPieces } from "./content-pieces.js";
import type { ContentsPool, Task } from "./contents-pool.js";

/** Files, or bytes of files, after which other threads are started: below, that would cost more than it gains. */
const START_FILES = 1_000;
const START_SIZE = 16 * 2 ** 20;

export interface ContentsThreadsOptions {
  readonly chunks: ChunkStore;
  readonly storeTree: StoreTree;
  /** Stores a chunk of data and returns its id. */
  readonly storeData: (bytes: Uint8Array) => Uint8Array;
  readonly chunkSizeMax: number;
  /** Files read before they are started; {@link START_FILES} if not given. */
  readonly startFiles: number | undefined;
  /** Starts the other threads; undefined when there are to be none. */
  readonly createPool: (() => ContentsPool) | undefined;
}

export class ContentsThreads {
  readonly #options: ContentsThreadsOptions;
  #pool: ContentsPool | undefined;
  #pieces: ContentPieces | undefined;
  #group = new Uint8Array(0);
  #files = 0;
  #size = 0;

  constructor(options: ContentsThreadsOptions) {
    this.#options = options;
  }

  /** Where the chunks of a large file go so that all threads store them; undefined when there is only this one. */
  get pieces(): ContentPieces | undefined {
    return this.#pieces;
  }

  get hasRoom(): boolean {
    return this.#pool?.hasRoom === true;
  }

  /** A thread that has nothing to do is there. */
  get hasIdle(): boolean {
    return this.#pool?.hasIdle === true;
  }

  /** Waits until a thread is ready, if there are to be any. */
  async ready(): Promise<void> {
    await this.#pool?.ready();
  }

  get isBusy(): boolean {
    return this.#pool?.isBusy === true;
  }

  /**
   * Takes in what frames other threads have made. They lie in a pack at any odd place, and V8 copies from shared memory
   * byte by byte where source and target do not lie alike: they are copied to memory of this thread's first.
   */
  readonly addGroup = (bytes: Uint8Array) => {
    if (this.#group.length < bytes.length) this.#group = new Uint8Array(2 * bytes.length);
    this.#group.set(bytes);
    this.#options.chunks.addGroup(decodeFrameGroup(this.#group.subarray(0, bytes.length)));
  };

  /** Counts what is about to be read, and starts the threads when it has become enough. */
  count(files: number, size: number): void {
    const { createPool, startFiles } = this.#options;
    if (this.#pool !== undefined || createPool === undefined) return;
    this.#files += files;
    this.#size += size;
    if (this.#files >= (startFiles ?? START_FILES) || this.#size >= START_SIZE) this.#open(createPool());
  }

  /** Hands out a job; one thread must have room. */
  start(task: Task): void {
    if (this.#pool === undefined) throw new RangeError("Cannot hand out a job: there are no other threads");
    this.#pool.start(task);
  }

  /** Takes in what there is by now. */
  take(): void {
    this.#pool?.take();
  }

  /** Waits until there is something to take in, and takes it. */
  async wait(): Promise<void> {
    await this.#pool?.wait();
  }

  /** Waits until no thread has anything to do. */
  async idle(): Promise<void> {
    while (this.isBusy) {
      await this.wait();
      if (this.#options.chunks.isBusy) await this.#options.chunks.ready();
    }
  }

  /** Has them give up the files that they have not finished. */
  stop(): void {
    this.#pool?.stop();
  }

  /** Ends them. */
  async close(): Promise<void> {
    this.#options.chunks.threads = undefined;
    await this.#pool?.close();
  }

  #open(pool: ContentsPool): void {
    const { chunks, storeTree, storeData, chunkSizeMax } = this.#options;
    const { addGroup } = this;
    pool.onGroup = addGroup;
    chunks.threads = pool;
    this.#pool = pool;
    const builder = new ContentBuilder(storeTree);
    this.#pieces = new ContentPieces(pool, { builder, store: storeData, addGroup, chunkSizeMax });
  }
}
