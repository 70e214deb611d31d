/** Reads files in this thread, and takes what comes of each into its row. Chunks of large ones are stored by all threads. */
import { type Directory, FileType } from "@bcat/posix";
import type { StoreTree } from "../../tree/list-writer.js";
import type { BackupRun } from "../backup-run.js";
import { TICK_MS } from "../racy.js";
import { isForLater } from "../source-fault.js";
import { ContentBuilder } from "./content-builder.js";
import type { ContentsThreads } from "./contents-threads.js";
import { type BatchedFile, pathOf } from "./file-batch.js";
import { type ContentSink, type FileReader, type ReadFile, WAIT } from "./file-reader.js";
import { settleFile } from "./settle-file.js";

/** A file of this size or more is large: it is read by itself, and not in a batch. */
export const LARGE_SIZE = 4 * 2 ** 20;

export interface FileStorerOptions {
  readonly run: BackupRun;
  readonly reader: FileReader;
  readonly threads: ContentsThreads;
  readonly storeTree: StoreTree;
  /** Stores a chunk of data and returns its id. */
  readonly storeData: (bytes: Uint8Array) => Uint8Array;
  readonly now: () => number;
  /** Waits so many milliseconds. */
  readonly wait: ((milliseconds: number) => Promise<unknown>) | undefined;
}

export class FileStorer {
  readonly #options: FileStorerOptions;
  readonly #builder: ContentBuilder;
  /** Read last, for the progress line. */
  #current: BatchedFile | undefined;

  constructor(options: FileStorerOptions) {
    this.#options = options;
    this.#builder = new ContentBuilder(options.storeTree);
    options.run.currentPath = () => pathOf(this.#current);
  }

  /**
   * Reads a small file in one go, and returns its size; undefined when it has become large, has changed just now, or
   * cannot be read now but later.
   *
   * @throws SourceError
   */
  readSmall(file: BatchedFile, directory: Directory): number | undefined {
    this.#current = file;
    try {
      const name = file.visit.table.name(file.row);
      const reading = this.#begin(directory, name, { sink: this.#sink, sizeMax: LARGE_SIZE });
      let step = reading.next();
      while (step.done !== true) {
        if (step.value === WAIT) {
          reading.return(undefined);
          return undefined;
        }
        step = reading.next();
      }
      if (step.value === undefined) return undefined;
      this.#settle(file, step.value, this.#builder);
      return step.value.size;
    } catch (error) {
      if (isForLater(error)) return undefined;
      throw error;
    }
  }

  /** Reads a file of any size, and lets others run meanwhile. @throws SourceError; BcatError when descriptors run out */
  async read(file: BatchedFile, directory: Directory, name: Uint8Array): Promise<void> {
    const { run, threads } = this.#options;
    const { visit, row } = file;
    this.#current = file;
    const { sizes, types } = visit.table.columns;
    const isDevice = types[row] === FileType.BLOCK;
    const pieces = isDevice || sizes[row]! >= LARGE_SIZE ? threads.pieces : undefined;
    const sizeMax = Number.POSITIVE_INFINITY;
    const reading = this.#begin(directory, name, { sink: pieces ?? this.#sink, sizeMax, isDevice });
    let step = reading.next();
    try {
      for (; step.done !== true; step = reading.next()) {
        threads.take();
        if (step.value === WAIT) await this.#options.wait?.(TICK_MS);
        await run.breathe(0, Math.max(0, step.value));
      }
      await pieces?.finish();
    } finally {
      // Closes the file when something else has ended the reading.
      if (step.done !== true) reading.return(undefined);
    }
    const read = step.value!;
    this.#settle(file, read, pieces?.builder ?? this.#builder);
    await run.breathe(read.size);
  }

  #begin(
    directory: Directory,
    name: Uint8Array,
    { sink, ...bounds }: { sink: ContentSink; sizeMax: number; isDevice?: boolean },
  ): ReturnType<FileReader["read"]> {
    const { reader, now } = this.#options;
    sink.restart();
    return reader.read({ directory, name, now: now(), ...bounds }, sink);
  }

  #settle(file: BatchedFile, read: ReadFile, builder: ContentBuilder): void {
    const { run, reader } = this.#options;
    settleFile(file, read, { stat: reader.stat, content: builder.finish(read.inline) }, run);
  }

  readonly #sink: ContentSink = {
    chunk: (bytes) => this.#builder.add(this.#options.storeData(bytes), bytes.length),
    repeat: (times) => this.#builder.repeat(times),
    restart: () => this.#builder.restart(),
  };
}
