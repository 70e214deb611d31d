/**
 * Has files read and their contents stored: in this thread, and once there is enough work, in others too. Small files go
 * to other threads in batches, chunks of large ones in pieces; what they have no room for is done here, by the same code.
 */
import { decodeFrameGroup } from "@bcat/pack";
import type { Directory } from "@bcat/posix";
import type { ChunkStore } from "@bcat/repository";
import type { StoreTree } from "../../tree/list-writer.js";
import type { BackupRun } from "../backup-run.js";
import type { OpenRoot } from "../roots.js";
import type { SourceDirectories } from "../source-directory.js";
import { isExhaustion, requireSourceFault } from "../source-fault.js";
import type { Visit } from "../visit.js";
import { ContentBuilder } from "./content-builder.js";
import { ContentPieces } from "./content-pieces.js";
import type { ContentsPool, Task } from "./contents-pool.js";
import { type BatchedFile, FileBatch, pathOf } from "./file-batch.js";
import type { ContentSink, FileReader, ReadFile } from "./file-reader.js";
import { faultOf, settleFile } from "./settle-file.js";
import type { FaultRecord, FileRecord } from "./slab.js";

/** Files, or bytes of files, after which other threads are started: below, that would cost more than it gains. */
const START_FILES = 1_000;
const START_SIZE = 16 * 2 ** 20;
/** A file of this size or more is read and cut here, and stored by all. */
const LARGE_SIZE = 4 * 2 ** 20;
/** Bytes of small files read between two chances for others to run. */
const BREATHE_SIZE = 2 ** 20;

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
  /** Directories that one batch may keep open. */
  readonly directoriesMax: number;
  /** Files read before they are started; {@link START_FILES} if not given. */
  readonly startFiles: number | undefined;
  /** Starts the other threads; undefined when there are to be none. */
  readonly createPool: (() => ContentsPool) | undefined;
}

export class Contents {
  readonly #options: ContentsOptions;
  /** For files that are read here, and for each batch. */
  readonly #builder: ContentBuilder;
  #pool: ContentsPool | undefined;
  #pieces: ContentPieces | undefined;
  #batch: FileBatch;
  /** Files that there was no descriptor for, or that have become large. */
  readonly #again: BatchedFile[] = [];
  /** Read last in this thread, for the progress line. */
  #current: BatchedFile | undefined;
  #filesRead = 0;
  #sizeRead = 0;
  /** Bytes that were stored by other threads since the run was told. */
  #sizeTaken = 0;

  constructor(options: ContentsOptions) {
    this.#options = options;
    this.#builder = new ContentBuilder(options.storeTree);
    this.#batch = new FileBatch(options.directoriesMax);
    options.run.currentPath = () => pathOf(this.#current);
  }

  /**
   * Has the file of a row read: sooner or later its payload is set and its row is as it was found, or it is dropped.
   * A promise is returned only when there is something to wait for before the next.
   */
  read(visit: Visit, row: number): Promise<void> | undefined {
    const size = visit.table.columns.sizes[row]!;
    if (size >= LARGE_SIZE) return this.#readLarge({ visit, row });
    const { open } = visit.directory;
    return open === undefined ? this.#openAndAdd({ visit, row }, size) : this.#add({ visit, row }, open, size);
  }

  /** Reads a file that is a root, into the one row of `visit`. @throws SourceError */
  async readRoot(visit: Visit, root: OpenRoot): Promise<void> {
    await this.#read({ visit, row: 0 }, root.parent, root.name);
  }

  /** Waits until some of the files that are under way are done; false when there are none. */
  async settle(): Promise<boolean> {
    if (this.#batch.files.length > 0) await this.#dispatch();
    else if (this.#again.length > 0) await this.#readAgain(this.#again.shift()!);
    else if (this.#pool?.isBusy === true) await this.#pool.wait();
    else return false;
    await this.#tellRun();
    return true;
  }

  /** Ends the other threads. */
  async close(): Promise<void> {
    this.#options.chunks.threads = undefined;
    await this.#pool?.close();
  }

  /** Starts the other threads when there has been enough to do. */
  #startPool(files: number, size: number): void {
    const { createPool, chunks, startFiles } = this.#options;
    if (this.#pool !== undefined || createPool === undefined) return;
    this.#filesRead += files;
    this.#sizeRead += size;
    if (this.#filesRead < (startFiles ?? START_FILES) && this.#sizeRead < START_SIZE) return;
    const pool = createPool();
    pool.onGroup = this.#addGroup;
    chunks.threads = pool;
    this.#pool = pool;
    this.#pieces = new ContentPieces(pool, {
      builder: new ContentBuilder(this.#options.storeTree),
      store: this.#options.storeData,
      addGroup: this.#addGroup,
      chunkSizeMax: this.#options.chunkSizeMax,
    });
  }

  async #openAndAdd(file: BatchedFile, size: number): Promise<void> {
    const { visit, row } = file;
    let handle: Directory;
    try {
      handle = await this.#options.directories().handle(visit.directory);
    } catch (error) {
      this.#options.run.dropRow(visit, row, requireSourceFault(error));
      return;
    }
    await this.#add(file, handle, size);
  }

  #add(file: BatchedFile, directory: Directory, size: number): Promise<void> | undefined {
    this.#options.directories().hold(file.visit.directory);
    file.visit.pending++;
    this.#batch.add(file, directory, size);
    return this.#batch.isFull ? this.#dispatchAndTell() : undefined;
  }

  async #dispatchAndTell(): Promise<void> {
    await this.#dispatch();
    await this.#tellRun();
  }

  /** Gives the batch to a thread with room, or reads it here. */
  async #dispatch(): Promise<void> {
    const batch = this.#batch;
    this.#batch = new FileBatch(this.#options.directoriesMax);
    this.#startPool(batch.files.length, batch.size);
    this.#pool?.take();
    if (this.#pool?.hasRoom === true) this.#pool.start(this.#task(batch));
    else await this.#readBatch(batch);
  }

  async #readBatch(batch: FileBatch): Promise<void> {
    const { run } = this.#options;
    let size = 0;
    for (let i = 0; i < batch.files.length; i++) {
      size += this.#readSmall(batch.files[i]!, batch.directory(i));
      if (size < BREATHE_SIZE) continue;
      this.#pool?.take();
      await run.breathe(size);
      size = 0;
    }
    await run.breathe(size);
  }

  /** Reads a file of a batch in one go, and returns its size. */
  #readSmall(file: BatchedFile, directory: Directory): number {
    const { run } = this.#options;
    const { visit, row } = file;
    this.#current = file;
    let size = 0;
    try {
      const reading = this.#begin(directory, visit.table.name(row), { sink: this.#sink, sizeMax: LARGE_SIZE });
      let step = reading.next();
      while (step.done !== true) step = reading.next();
      if (step.value === undefined) {
        this.#postpone(file);
        return 0;
      }
      this.#settleRead(file, step.value, this.#builder);
      size = step.value.size;
    } catch (error) {
      if (isExhaustion(error)) {
        this.#postpone(file);
        return 0;
      }
      run.dropRow(visit, row, requireSourceFault(error));
    }
    this.#letGo(file);
    return size;
  }

  #task(batch: FileBatch): Task {
    const builder = new ContentBuilder(this.#options.storeTree);
    return {
      job: batch.job(this.#options.now(), LARGE_SIZE),
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
    const stored = { stat: record.stat, content: builder.finish(record.inline) };
    settleFile(file, record, stored, this.#options.run);
    this.#sizeTaken += record.size;
    this.#letGo(file);
  }

  #settleFault(file: BatchedFile, fault: FaultRecord): void {
    if (fault.isPostponed) {
      this.#postpone(file);
      return;
    }
    this.#options.run.dropRow(file.visit, file.row, faultOf(fault));
    this.#letGo(file);
  }

  #letGo({ visit }: BatchedFile): void {
    visit.pending--;
    this.#options.directories().letGo(visit.directory);
  }

  /** A file that cannot be read in a batch waits, and its directory holds no descriptor meanwhile. */
  #postpone(file: BatchedFile): void {
    this.#options.directories().letGo(file.visit.directory);
    this.#again.push(file);
  }

  /** Tells the run what other threads have done, so that it shows it, and waits where it is to wait. */
  async #tellRun(): Promise<void> {
    const size = this.#sizeTaken;
    this.#sizeTaken = 0;
    await this.#options.run.breathe(size);
  }

  /** Reads a file that there was no descriptor for, when nothing else needs one. */
  async #readAgain(file: BatchedFile): Promise<void> {
    while (this.#pool?.isBusy === true) await this.#pool.wait();
    this.#options.directories().closeIdle();
    try {
      await this.#readLarge(file);
    } finally {
      file.visit.pending--;
    }
  }

  async #readLarge(file: BatchedFile): Promise<void> {
    const { visit, row } = file;
    this.#startPool(1, visit.table.columns.sizes[row]!);
    try {
      await this.#readPatiently(file);
    } catch (error) {
      this.#options.run.dropRow(visit, row, requireSourceFault(error));
    }
  }

  /** Once more, when there was no descriptor for it and those that can be are given back. */
  async #readPatiently(file: BatchedFile): Promise<void> {
    const { visit, row } = file;
    for (let attempt = 1; ; attempt++) {
      try {
        const handle = await this.#options.directories().handle(visit.directory);
        await this.#read(file, handle, visit.table.name(row));
        return;
      } catch (error) {
        if (attempt > 1 || !isExhaustion(error)) throw error;
        if (this.#batch.files.length > 0) await this.#dispatch();
        while (this.#pool?.isBusy === true) await this.#pool.wait();
        this.#options.directories().closeIdle();
      }
    }
  }

  /** Reads a file of any size, and lets others run meanwhile. */
  async #read(file: BatchedFile, directory: Directory, name: Uint8Array): Promise<void> {
    const { run } = this.#options;
    const { visit, row } = file;
    this.#current = file;
    const pieces = visit.table.columns.sizes[row]! >= LARGE_SIZE ? this.#pieces : undefined;
    const reading = this.#begin(directory, name, { sink: pieces ?? this.#sink, sizeMax: Number.POSITIVE_INFINITY });
    let step = reading.next();
    try {
      for (; step.done !== true; step = reading.next()) {
        this.#pool?.take();
        await run.breathe(0, step.value);
      }
      await pieces?.finish();
    } finally {
      // Closes the file when something else has ended the reading.
      if (step.done !== true) reading.return(undefined);
    }
    const read = step.value!;
    this.#settleRead(file, read, pieces?.builder ?? this.#builder);
    await run.breathe(read.size);
  }

  #begin(
    directory: Directory,
    name: Uint8Array,
    { sink, sizeMax }: { sink: ContentSink; sizeMax: number },
  ): ReturnType<FileReader["read"]> {
    const { reader, now } = this.#options;
    sink.restart();
    return reader.read({ directory, name, now: now(), sizeMax }, sink);
  }

  #settleRead(file: BatchedFile, read: ReadFile, builder: ContentBuilder): void {
    const { run, reader } = this.#options;
    settleFile(file, read, { stat: reader.stat, content: builder.finish(read.inline) }, run);
  }

  readonly #sink: ContentSink = {
    chunk: (bytes) => this.#builder.add(this.#options.storeData(bytes), bytes.length),
    restart: () => this.#builder.restart(),
  };
}
