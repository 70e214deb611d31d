/**
 * Has files read and their contents stored: small ones in batches, by another thread with room or else in this one; a
 * large one by a thread that has nothing to do, or else in this one. What a thread could not read is read here, later.
 */
import { type Directory, FileType } from "@bcat/posix";
import type { StoreTree } from "../../tree/list-writer.js";
import type { BackupRun } from "../backup-run.js";
import type { OpenRoot } from "../roots.js";
import type { SourceDirectories } from "../source-directory.js";
import { isEndByExhaustion, isLeased, requireSourceFault } from "../source-fault.js";
import type { Visit } from "../visit.js";
import { ContentBuilder } from "./content-builder.js";
import type { Task } from "./contents-pool.js";
import { ContentsThreads, type ContentsThreadsOptions } from "./contents-threads.js";
import { type BatchedFile, FileBatch } from "./file-batch.js";
import type { FileReader } from "./file-reader.js";
import { FileStorer, LARGE_SIZE } from "./file-storer.js";
import { faultOf, settleFile } from "./settle-file.js";
import type { FaultRecord, FileRecord } from "./slab.js";

/** How often a file that somebody has a lease on is tried, and the time (ms) between: ten seconds in all. */
const LEASE_TRIES = 100;
const LEASE_WAIT_MS = 100;
/** A large file of at most this size is left to a thread that has nothing to do, as a whole. */
const WHOLE_SIZE_MAX = 512 * 2 ** 20;
/** One of this size or more takes longer to read than a thread takes to start. */
const WAIT_SIZE = 64 * 2 ** 20;
/** Bytes of small files read between two chances for others to run. */
const BREATHE_SIZE = 2 ** 20;

export interface ContentsOptions extends ContentsThreadsOptions {
  readonly run: BackupRun;
  readonly directories: () => SourceDirectories;
  readonly reader: FileReader;
  readonly storeTree: StoreTree;
  readonly now: () => number;
  /** Waits so many milliseconds. */
  readonly wait: ((milliseconds: number) => Promise<unknown>) | undefined;
  /** Directories that one batch may keep open. */
  readonly directoriesMax: number;
}

export class Contents {
  readonly #options: ContentsOptions;
  readonly #threads: ContentsThreads;
  readonly #storer: FileStorer;
  #batch: FileBatch;
  /** Files that there was no descriptor for, that somebody has a lease on, or that have become large. */
  readonly #again: BatchedFile[] = [];
  /** Bytes that were stored by other threads since the run was told; and those of files that they have not finished. */
  #sizeTaken = 0;
  #sizeReading = 0;

  constructor(options: ContentsOptions) {
    this.#options = options;
    this.#threads = new ContentsThreads(options);
    this.#storer = new FileStorer({ ...options, threads: this.#threads });
    this.#batch = new FileBatch(options.directoriesMax);
    // Its visit waits for it already.
    options.run.linked.readAgain = (file) => this.#again.push(file);
  }

  /**
   * Has the file of a row read: sooner or later its payload is set and its row is as it was found, or it is dropped.
   * A promise is returned only when there is something to wait for before the next.
   */
  read(visit: Visit, row: number): Promise<void> | undefined {
    // What is on a device may be long, whatever its stat data say.
    if (visit.table.columns.types[row] === FileType.BLOCK) return this.#readHere({ visit, row });
    const size = visit.table.columns.sizes[row]!;
    if (size >= LARGE_SIZE) return this.#readLarge({ visit, row });
    const { open } = visit.directory;
    return open === undefined ? this.#openAndAdd({ visit, row }, size) : this.#add({ visit, row }, open, size);
  }

  /** Reads a file that is a root, into the one row of `visit`. @throws SourceError */
  async readRoot(visit: Visit, root: OpenRoot): Promise<void> {
    await this.#readUnleased(() => this.#storer.read({ visit, row: 0 }, root.parent, root.name));
  }

  /** Waits until some of the files that are under way are done; false when there are none. */
  async settle(): Promise<boolean> {
    if (this.#batch.files.length > 0) await this.#dispatch();
    else if (this.#again.length > 0) await this.#readAgain(this.#again.shift()!);
    else if (this.#threads.isBusy) await this.#threads.wait();
    else return false;
    await this.#tellRun();
    return true;
  }

  /** Has other threads give up the files that they have not finished. */
  stop(): void {
    this.#threads.stop();
  }

  /** Ends the other threads. */
  async close(): Promise<void> {
    await this.#threads.close();
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
    this.#threads.count(batch.files.length, batch.size);
    this.#threads.take();
    if (this.#threads.hasRoom) this.#threads.start(this.#task(batch));
    else await this.#readBatch(batch);
  }

  async #readBatch(batch: FileBatch): Promise<void> {
    const { run } = this.#options;
    let size = 0;
    for (let i = 0; i < batch.files.length; i++) {
      size += this.#readSmall(batch.files[i]!, batch.directory(i));
      if (size < BREATHE_SIZE) continue;
      this.#threads.take();
      await run.breathe(size);
      size = 0;
    }
    await run.breathe(size);
  }

  /** Reads a file of a batch, and returns the bytes that it had. */
  #readSmall(file: BatchedFile, directory: Directory): number {
    let size = 0;
    try {
      const read = this.#storer.readSmall(file, directory);
      if (read === undefined) {
        this.#postpone(file);
        return 0;
      }
      size = read;
    } catch (error) {
      this.#options.run.dropRow(file.visit, file.row, requireSourceFault(error));
    }
    this.#letGo(file);
    return size;
  }

  #task(batch: FileBatch, sizeMax = LARGE_SIZE): Task {
    const builder = new ContentBuilder(this.#options.storeTree);
    return {
      job: batch.job(this.#options.now(), sizeMax),
      group: this.#threads.addGroup,
      chunk: (id, length) => {
        builder.add(id, length);
        if (sizeMax > LARGE_SIZE) this.#sizeReading += length;
      },
      restart: () => builder.restart(),
      file: (record) => this.#settleRecord(batch.files[record.index]!, record, builder),
      fault: (record) => {
        builder.restart();
        this.#settleFault(batch.files[record.index]!, record);
      },
      end() {},
    };
  }

  #settleRecord(file: BatchedFile, record: FileRecord, builder: ContentBuilder): void {
    const stored = { stat: record.stat, content: builder.finish(record.inline) };
    settleFile(file, record, stored, this.#options.run);
    this.#sizeTaken += record.size;
    // It is counted whole now.
    this.#sizeReading = 0;
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
    const reading = this.#sizeReading;
    this.#sizeTaken = 0;
    this.#sizeReading = 0;
    await this.#options.run.breathe(size, reading);
  }

  /** Reads a file that could not be read in its turn, when nothing else needs a descriptor. */
  async #readAgain(file: BatchedFile): Promise<void> {
    await this.#threads.idle();
    this.#options.directories().closeIdle();
    try {
      // What another thread could not read is not left to one again.
      await this.#readHere(file);
    } finally {
      file.visit.pending--;
    }
  }

  async #readLarge(file: BatchedFile): Promise<void> {
    const size = file.visit.table.columns.sizes[file.row]!;
    this.#threads.count(1, size);
    if (size >= WAIT_SIZE) await this.#threads.ready();
    if (size > WHOLE_SIZE_MAX || !(await this.#leave(file, size))) await this.#readHere(file);
  }

  async #readHere(file: BatchedFile): Promise<void> {
    try {
      await this.#readPatiently(file);
    } catch (error) {
      this.#options.run.dropRow(file.visit, file.row, requireSourceFault(error));
    }
  }

  /** Leaves a large file to a thread that has nothing to do: every byte stays there until it is sealed. False without one. */
  async #leave(file: BatchedFile, size: number): Promise<boolean> {
    const { visit } = file;
    if (!this.#threads.hasIdle) return false;
    let handle: Directory;
    try {
      handle = await this.#options.directories().handle(visit.directory);
    } catch {
      // Whoever reads it here finds out what that means.
      return false;
    }
    // Meanwhile it may have been given something.
    if (!this.#threads.hasIdle) return false;
    this.#options.directories().hold(visit.directory);
    visit.pending++;
    const batch = new FileBatch(1);
    batch.add(file, handle, size);
    this.#threads.start({ ...this.#task(batch, WHOLE_SIZE_MAX), isLong: true });
    await this.#tellRun();
    return true;
  }

  /** Once more, when there was no descriptor for it and those that can be are given back. */
  async #readPatiently(file: BatchedFile): Promise<void> {
    const { visit, row } = file;
    const read = async () => {
      const handle = await this.#options.directories().handle(visit.directory);
      await this.#storer.read(file, handle, visit.table.name(row));
    };
    try {
      await this.#readUnleased(read);
    } catch (error) {
      if (!isEndByExhaustion(error)) throw error;
      if (this.#batch.files.length > 0) await this.#dispatch();
      await this.#threads.idle();
      this.#options.directories().closeIdle();
      await this.#readUnleased(read);
    }
  }

  /** Gives whoever has a lease on the file time to give it up. */
  async #readUnleased(read: () => Promise<void>): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await read();
        return;
      } catch (error) {
        if (attempt >= LEASE_TRIES || !isLeased(error)) throw error;
        await this.#options.wait?.(LEASE_WAIT_MS);
        await this.#options.run.breathe(0);
      }
    }
  }
}
