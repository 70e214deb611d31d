/**
 * Files whose content is on its way. Chunks are asked for in batches and come in the order in which they lie in packs;
 * each is written where it belongs, and a file is finished with its last one. Memory and open files are bounded by the
 * batch, not by the restore.
 */
import { CorruptError } from "@bcat/errors";
import { DATA } from "@bcat/pack";
import type { Posix } from "@bcat/posix";
import type { Repository } from "@bcat/repository";
import { describe } from "../faults.js";
import { joinPath } from "../path.js";
import { contentChunkCountMax } from "../tree/content.js";
import { type ChunkReference, type Content, idSize, type Node } from "../tree/node.js";
import type { MetadataSetter } from "./metadata.js";
import type { RestoreRun } from "./restore-run.js";
import type { TargetDirectories, TargetDirectory } from "./target-directory.js";

/** Chunks of one batch. */
const CHUNKS_MAX = 32_768;
/** Files of more than one chunk in a batch: so many may be open at once. */
const LARGE_FILES_MAX = 16;
const NOTHING = new Uint8Array(0);

/** A file that is being restored. */
export class PendingFile {
  readonly node: Node;
  readonly directory: TargetDirectory;
  /** In the snapshot. */
  readonly folder: Uint8Array;
  fd: number | undefined = undefined;
  /** That it was made with. */
  mode = 0;
  /** Chunks asked for and not written yet. */
  waiting = 0;
  /** Bytes asked for so far: where the next chunk goes. */
  position = 0;
  /** All chunks have been asked for. */
  isComplete = false;
  failure: Error | undefined = undefined;

  constructor(node: Node, directory: TargetDirectory, folder: Uint8Array) {
    this.node = node;
    this.directory = directory;
    this.folder = folder;
  }

  /** In the snapshot, for reports. */
  get path(): Uint8Array {
    return joinPath(this.folder, this.node.name);
  }
}

export interface FileBatchParts {
  readonly repository: Repository;
  readonly posix: Posix;
  readonly run: RestoreRun;
  readonly directories: TargetDirectories;
  readonly metadata: MetadataSetter;
}

export class FileBatch {
  readonly #parts: FileBatchParts;
  readonly #ids = new Uint8Array(CHUNKS_MAX * idSize);
  readonly #positions = new Float64Array(CHUNKS_MAX);
  readonly #lengths = new Uint32Array(CHUNKS_MAX);
  /** Files that have been made and are not finished: open ones, and at most one that could not be closed. */
  readonly #made = new Set<PendingFile>();
  #files: PendingFile[] = [];
  #largeFiles = 0;

  constructor(parts: FileBatchParts) {
    this.#parts = parts;
  }

  get isFull(): boolean {
    return this.#files.length > CHUNKS_MAX - contentChunkCountMax || this.#largeFiles >= LARGE_FILES_MAX;
  }

  /** Takes a file whose content is in its node, or whose chunks are named there. Call {@link flush} when {@link isFull}. */
  addWhole(file: PendingFile, content: Exclude<Content, { kind: "list" }>): void {
    if (content.kind === "inline") this.writeInline(file, content.bytes);
    else for (const chunk of content.chunks) this.add(file, chunk);
    this.complete(file);
  }

  /** Asks for the next chunk of a file. @throws nothing; call {@link flush} when {@link isFull} */
  add(file: PendingFile, chunk: ChunkReference): void {
    const index = this.#files.length;
    if (file.position > 0 && file.waiting === 1) this.#largeFiles++;
    this.#ids.set(chunk.id, index * idSize);
    this.#positions[index] = file.position;
    this.#lengths[index] = chunk.length;
    this.#files.push(file);
    file.position += chunk.length;
    file.waiting++;
  }

  /** Reads and writes all chunks asked for. @throws StorageError, BcatError target-failed, interrupted: the restore ends */
  async flush(): Promise<void> {
    const files = this.#files;
    this.#files = [];
    this.#largeFiles = 0;
    const { repository, run } = this.#parts;
    await repository.readChunks(
      { kind: DATA, count: files.length, ids: this.#ids },
      {
        onChunk: (index, bytes) => {
          const file = files[index]!;
          if (bytes.length !== this.#lengths[index]) file.failure ??= this.#wrongLength(index, bytes.length);
          this.#write(file, bytes, this.#positions[index]!);
          this.settle(file);
          return run.breathe(bytes.length);
        },
        onFailure: (index, error) => {
          const file = files[index]!;
          file.failure ??= error;
          file.waiting--;
          this.#finishIfDone(file);
        },
      },
    );
  }

  /** Writes content that came with the node. */
  writeInline(file: PendingFile, bytes: Uint8Array): void {
    file.waiting++;
    this.#write(file, bytes, 0);
    this.settle(file);
  }

  /** Notes that one chunk less is waited for, and finishes the file with its last. */
  settle(file: PendingFile): void {
    file.waiting--;
    this.#finishIfDone(file);
  }

  /** Notes that all chunks of the file have been asked for. */
  complete(file: PendingFile): void {
    file.isComplete = true;
    this.#finishIfDone(file);
  }

  /** Removes files that are not finished: one that lacks bytes must not look like one that has them. */
  discard(): void {
    for (const file of this.#made) {
      this.#close(file);
      this.#remove(file);
    }
  }

  /** The chunk is what its id says, so the tree is wrong: the file would have a gap, or an overlap. */
  #wrongLength(index: number, found: number): CorruptError {
    const id = Buffer.from(this.#ids.subarray(index * idSize, index * idSize + 8)).toString("hex");
    return new CorruptError(`Cannot use chunk ${id}…: it has ${found} bytes, the tree says ${this.#lengths[index]}`);
  }

  #write(file: PendingFile, bytes: Uint8Array, position: number): void {
    if (file.failure !== undefined) return;
    try {
      file.fd ??= this.#create(file);
      if (bytes.length > 0) this.#parts.posix.writeFile(file.fd, bytes, position);
      this.#parts.run.bytes += bytes.length;
    } catch (error) {
      this.#fail(file, error);
      this.#parts.run.refuseExhausted(file.path, error);
    }
  }

  #create(file: PendingFile): number {
    const { posix, directories, metadata } = this.#parts;
    const { newFiles } = metadata;
    const mode = newFiles.modeFor(file.node);
    const fd = posix.createFileAt(directories.handle(file.directory), file.node.name, mode);
    this.#made.add(file);
    newFiles.look(fd, mode);
    file.mode = mode;
    return fd;
  }

  /** @throws BcatError target-failed, and no error of this file alone: that is its failure, and is reported */
  #finishIfDone(file: PendingFile): void {
    if (!file.isComplete || file.waiting > 0) return;
    const { run, metadata } = this.#parts;
    if (file.fd === undefined && file.failure === undefined) this.#write(file, NOTHING, 0);
    const { fd } = file;
    const fault =
      fd !== undefined && file.failure === undefined ? metadata.setFile(fd, file.node, file.mode) : undefined;
    const closeError = this.#close(file);
    // What is written late, as on network file systems, fails here.
    if (closeError !== undefined) {
      this.#fail(file, closeError);
      run.refuseExhausted(file.path, closeError);
    }
    if (file.failure !== undefined) {
      if (this.#made.has(file)) this.#remove(file);
      run.report(file.path, file.failure);
      return;
    }
    this.#made.delete(file);
    run.files++;
    if (fault !== undefined) run.report(file.path, fault);
  }

  #fail(file: PendingFile, error: unknown): void {
    file.failure ??= error instanceof Error ? error : new Error(String(error));
  }

  /** Closes the file if it is open, once: after an error too the descriptor is gone, and may be somebody else's. */
  #close(file: PendingFile): unknown {
    const { fd } = file;
    if (fd === undefined) return undefined;
    file.fd = undefined;
    try {
      this.#parts.posix.close(fd);
      return undefined;
    } catch (error) {
      return error;
    }
  }

  /** Removes a file that lacks bytes: it must not look like one that has them. */
  #remove(file: PendingFile): void {
    const { posix, directories } = this.#parts;
    this.#made.delete(file);
    try {
      posix.removeFileAt(directories.handle(file.directory), file.node.name);
    } catch (error) {
      const failure = file.failure === undefined ? "" : `${describe(file.failure)}; `;
      file.failure = new Error(`${failure}it lacks bytes and could not be removed: ${describe(error)}`);
    }
  }
}
