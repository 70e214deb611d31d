/**
 * Has files read and their contents stored: in this thread, and once there is enough work, in others too. Small files go
 * to other threads in batches, chunks of large ones in pieces; what they have no room for is done here, by the same code.
 */
import { SourceError } from "@bcat/errors";
import { decodeFrameGroup } from "@bcat/pack";
import type { Directory } from "@bcat/posix";
import type { ChunkStore } from "@bcat/repository";
import type { StoreTree } from "../../tree/list-writer.js";
import type { BackupRun } from "../backup-run.js";
import type { OpenRoot } from "../roots.js";
import type { SourceDirectories } from "../source-directory.js";
import { requireSourceFault } from "../source-fault.js";
import type { Visit } from "../visit.js";
import { ContentBuilder } from "./content-builder.js";
import { ContentPieces } from "./content-pieces.js";
import type { ContentsPool, Task } from "./contents-pool.js";
import { type BatchedFile, FileBatch } from "./file-batch.js";
import type { ContentSink, FileReader, ReadFile } from "./file-reader.js";
import { settleFile } from "./settle-file.js";
import type { FaultRecord, FileRecord } from "./slab.js";

/** Files, or bytes of files, after which other threads are started: below, that would cost more than it gains. */
const START_FILES = 1_000;
const START_SIZE = 16 * 2 ** 20;
/** A file of this size or more is read and cut here, and stored by all. */
const LARGE_SIZE = 4 * 2 ** 20;
const NOTHING: ReadFile = { size: 0, inline: undefined, hasChanged: false, isUnsettled: true };

export interface ContentsOptions {
  readonly run: BackupRun;
  readonly directories: () => SourceDirectories;
  readonly reader: FileReader;
  readonly chunks: ChunkStore;
  readonly storeTree: StoreTree;
  /** Stores a chunk of data and returns its id. */
  readonly storeData: (bytes: Uint8Array) => Uint8Array;
  readonly now: () => number;
  readonly chunkSizeMax: number;
  /** Starts the other threads; undefined when there are to be none. */
  readonly createPool: (() => ContentsPool) | undefined;
}

export class Contents {
  readonly #options: ContentsOptions;
  /** For files that are read here, and for each batch. */
  readonly #builder: ContentBuilder;
  #pool: ContentsPool | undefined;
  #pieces: ContentPieces | undefined;
  #batch = new FileBatch();
  /** Files that another thread had no descriptor for. */
  readonly #again: BatchedFile[] = [];
  #filesRead = 0;
  #sizeRead = 0;
  /** Bytes that were stored by other threads since the run was told. */
  #sizeTaken = 0;

  constructor(options: ContentsOptions) {
    this.#options = options;
    this.#builder = new ContentBuilder(options.storeTree);
  }

  /** Has the file of a row read: sooner or later its payload is set and its row is as it was found, or it is dropped. */
  async read(visit: Visit, row: number): Promise<void> {
    const size = visit.table.columns.sizes[row]!;
    this.#startPool(size);
    if (this.#pool === undefined || size >= LARGE_SIZE) await this.#readHere({ visit, row });
    else await this.#addToBatch(this.#pool, { visit, row }, size);
  }

  /** Reads a file that is a root, into the one row of `visit`. @throws SourceError */
  async readRoot(visit: Visit, root: OpenRoot): Promise<void> {
    this.#startPool(root.stat.size);
    await this.#read({ visit, row: 0 }, root.parent, root.name);
  }

  /** Waits until one of the files that are under way is done; false when there is none. */
  async settle(): Promise<boolean> {
    if (this.#pool === undefined) return false;
    if (this.#batch.files.length > 0) await this.#dispatch(this.#pool);
    else if (this.#again.length > 0) await this.#readHere(this.#again.shift()!, true);
    else if (this.#pool.isBusy) await this.#pool.wait();
    else return false;
    await this.#tellRun();
    return true;
  }

  /** Ends the other threads. */
  async close(): Promise<void> {
    this.#options.chunks.threads = undefined;
    await this.#pool?.close();
  }

  #startPool(size: number): void {
    const { createPool, chunks } = this.#options;
    if (this.#pool !== undefined || createPool === undefined) return;
    this.#filesRead++;
    this.#sizeRead += size;
    if (this.#filesRead < START_FILES && this.#sizeRead < START_SIZE) return;
    const pool = createPool();
    pool.onGroup = this.#addGroup;
    chunks.threads = pool;
    this.#pool = pool;
    this.#pieces = new ContentPieces(pool, {
      builder: this.#builder,
      store: this.#options.storeData,
      addGroup: this.#addGroup,
      chunkSizeMax: this.#options.chunkSizeMax,
    });
  }

  async #addToBatch(pool: ContentsPool, file: BatchedFile, size: number): Promise<void> {
    const { run } = this.#options;
    const directories = this.#options.directories();
    const { visit, row } = file;
    try {
      const handle = await directories.handle(visit.directory);
      directories.hold(visit.directory);
      visit.pending++;
      this.#batch.add(file, handle, size);
    } catch (error) {
      run.dropRow(visit, row, requireSourceFault(error));
    }
    if (!this.#batch.isFull) return;
    await this.#dispatch(pool);
    await this.#tellRun();
  }

  /** Gives the batch to a thread with room, or reads it here. */
  async #dispatch(pool: ContentsPool): Promise<void> {
    pool.take();
    const batch = this.#batch;
    this.#batch = new FileBatch();
    if (pool.hasRoom) {
      pool.start(this.#task(batch));
      return;
    }
    for (const file of batch.files) await this.#readHere(file, true);
    pool.take();
  }

  #task(batch: FileBatch): Task {
    const builder = new ContentBuilder(this.#options.storeTree);
    return {
      job: batch.job(this.#options.now()),
      group: this.#addGroup,
      chunk: (id, length) => builder.add(id, length),
      restart: () => builder.restart(),
      file: (record) => this.#settleRecord(batch.files[record.index]!, record, builder),
      fault: (record) => {
        builder.restart();
        this.#settleFault(batch.files[record.index]!, record);
      },
      end() {},
    };
  }

  readonly #addGroup = (bytes: Uint8Array) => this.#options.chunks.addGroup(decodeFrameGroup(bytes));

  #settleRecord(file: BatchedFile, record: FileRecord, builder: ContentBuilder): void {
    const { visit, row } = file;
    settleFile(visit, row, { ...record, content: builder.finish(record.inline) }, this.#options.run);
    this.#sizeTaken += record.size;
    this.#letGo(file);
  }

  #settleFault(file: BatchedFile, { isExhausted, code, message }: FaultRecord): void {
    if (isExhausted) {
      this.#again.push(file);
      return;
    }
    const cause = code === "" ? undefined : Object.assign(new Error(message), { code });
    this.#options.run.dropRow(file.visit, file.row, new SourceError(message, { cause }));
    this.#letGo(file);
  }

  #letGo({ visit }: BatchedFile): void {
    visit.pending--;
    this.#options.directories().letGo(visit.directory);
  }

  /** Tells the run what other threads have done, so that it shows it, and waits where it is to wait. */
  async #tellRun(): Promise<void> {
    const size = this.#sizeTaken;
    this.#sizeTaken = 0;
    await this.#options.run.breathe(size);
  }

  /** Reads a file in this thread. @param isHeld whether it was in a batch */
  async #readHere(file: BatchedFile, isHeld = false): Promise<void> {
    const { run } = this.#options;
    const { visit, row } = file;
    try {
      const handle = await this.#options.directories().handle(visit.directory);
      await this.#read(file, handle, visit.table.name(row));
    } catch (error) {
      run.dropRow(visit, row, requireSourceFault(error));
    } finally {
      if (isHeld) this.#letGo(file);
    }
  }

  async #read({ visit, row }: BatchedFile, directory: Directory, name: Uint8Array): Promise<void> {
    const { run, reader, now } = this.#options;
    run.currentPath = () => visit.pathOf(visit.table.name(row));
    const pieces = visit.table.columns.sizes[row]! >= LARGE_SIZE ? this.#pieces : undefined;
    const sink = pieces ?? this.#sink;
    sink.restart();
    const reading = reader.read(directory, name, now(), sink);
    let step = reading.next();
    try {
      for (; step.done !== true; step = reading.next()) {
        this.#pool?.take();
        await run.breathe(0, step.value);
      }
    } finally {
      // Closes the file when something else has ended the reading.
      if (step.done !== true) reading.return(NOTHING);
    }
    await pieces?.finish();
    settleFile(visit, row, { ...step.value, stat: reader.stat, content: this.#builder.finish(step.value.inline) }, run);
    await run.breathe(step.value.size);
  }

  readonly #sink: ContentSink = {
    chunk: (bytes) => this.#builder.add(this.#options.storeData(bytes), bytes.length),
    restart: () => this.#builder.restart(),
  };
}
