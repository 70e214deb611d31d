/** Files of several chunks, or of a list of them: open from their first chunk to their last, whoever writes them. */
import type { Posix } from "@bcat/posix";
import { contentSize } from "../tree/node.js";
import { closeAnyway, type FileWriter } from "./file-writer.js";
import type { FlagSetter } from "./inode-flags.js";
import type { MetadataSetter } from "./metadata.js";
import type { RestoreRun } from "./restore-run.js";
import { type SparseFiles, writeAroundHoles } from "./sparse-files.js";
import { WaitingFile } from "./waiting-file.js";

export class LargeFile extends WaitingFile {
  fd: number | undefined = undefined;
  /** It has had its owner and mode since it was made. */
  isOwned = false;
  /** Chunks asked for and not written yet. */
  waiting = 0;
  /** Bytes asked for so far: where the next chunk goes. */
  position = 0;
  /** All chunks have been asked for. */
  isComplete = false;
  failure: Error | undefined = undefined;
}

export interface LargeFilesParts {
  readonly posix: Posix;
  readonly run: RestoreRun;
  readonly writer: FileWriter;
  readonly metadata: MetadataSetter;
  readonly sparse: SparseFiles;
  readonly flags: FlagSetter;
}

export class LargeFiles {
  readonly #parts: LargeFilesParts;
  /** Files that have been made and are not finished. */
  readonly #made = new Set<LargeFile>();

  constructor(parts: LargeFilesParts) {
    this.#parts = parts;
  }

  /** The descriptor to write to, of a file that is made when it is not; undefined when it has failed. @throws as {@link fail} */
  open(file: LargeFile): number | undefined {
    if (file.failure !== undefined || file.fd !== undefined) return file.fd;
    try {
      const { fd, isOwned } = this.#parts.writer.create(file.directory, file.node);
      file.fd = fd;
      file.isOwned = isOwned;
      this.#made.add(file);
      this.#parts.flags.begin(fd, file.node);
      // Of a file that grows, XFS fills holes with blocks that it thinks will be needed.
      const { content } = file.node;
      if (content !== undefined && this.#parts.sparse.has(file.node))
        this.#parts.posix.truncateFile(fd, contentSize(content));
    } catch (error) {
      this.fail(file, error);
    }
    return file.fd;
  }

  /** Writes bytes here and now. @throws as {@link fail} */
  write(file: LargeFile, bytes: Uint8Array, position: number): void {
    const fd = this.open(file);
    if (fd === undefined || file.failure !== undefined) return;
    try {
      this.#write({ file, fd }, bytes, position);
      this.#count(file, bytes.length);
    } catch (error) {
      this.fail(file, error);
    }
  }

  /** Writes the next bytes, which come from the target itself. @throws as {@link fail} */
  keep(file: LargeFile, bytes: Uint8Array): void {
    const fd = this.open(file);
    const { position } = file;
    file.position += bytes.length;
    if (fd === undefined || file.failure !== undefined) return;
    try {
      this.#write({ file, fd }, bytes, position);
      this.#parts.run.bytesUnchanged += bytes.length;
      this.#parts.run.at(file);
    } catch (error) {
      this.fail(file, error);
    }
  }

  /** Leaves out the next `length` bytes of the file, which are zeros: they become a hole. */
  skip(file: LargeFile, length: number): void {
    file.position += length;
    if (file.failure === undefined) this.#count(file, length);
  }

  /** So many bytes of the file are where they belong. */
  #count(file: LargeFile, bytes: number): void {
    const { run } = this.#parts;
    run.bytes += bytes;
    run.at(file);
  }

  /** The file will not be restored. @throws BcatError target-failed for errors that every further file would meet */
  fail(file: LargeFile, error: unknown): void {
    file.failure ??= error instanceof Error ? error : new Error(String(error));
    this.#parts.run.refuseExhausted(file.path, error);
  }

  /** One chunk less is waited for; the last one finishes the file. @throws as {@link fail} */
  settle(file: LargeFile): void {
    file.waiting--;
    this.#finishIfDone(file);
  }

  /** All chunks have been asked for. @throws as {@link fail} */
  complete(file: LargeFile): void {
    file.isComplete = true;
    this.#finishIfDone(file);
  }

  /** Removes what is not finished. Nobody may be writing to it any more. */
  discard(): void {
    for (const file of this.#made) {
      if (file.fd !== undefined) closeAnyway(this.#parts.posix, file.fd);
      file.fd = undefined;
      this.#remove(file);
    }
  }

  #finishIfDone(file: LargeFile): void {
    if (!file.isComplete || file.waiting > 0) return;
    const { posix, run, metadata, writer } = this.#parts;
    const fd = this.open(file);
    if (fd !== undefined) this.#endHole(file, fd);
    const fault =
      fd !== undefined && file.failure === undefined ? metadata.setNewFile(fd, file.node, file.isOwned) : undefined;
    if (fd !== undefined) {
      file.fd = undefined;
      try {
        posix.close(fd);
        if (file.failure === undefined) writer.publish(file);
      } catch (error) {
        this.fail(file, error);
      }
    }
    if (file.failure !== undefined) {
      if (this.#made.has(file)) this.#remove(file);
      run.lose(file.node);
      run.report(file.path, file.failure);
      return;
    }
    this.#made.delete(file);
    run.countFile(file);
    if (fault !== undefined) run.report(file.path, fault);
  }

  #write({ file, fd }: { file: LargeFile; fd: number }, bytes: Uint8Array, position: number): void {
    const { posix, sparse } = this.#parts;
    if (sparse.has(file.node)) writeAroundHoles(posix, fd, bytes, position);
    else if (bytes.length > 0) posix.writeFile(fd, bytes, position);
  }

  /** The size is that of the chunks, which a snapshot may belie. */
  #endHole(file: LargeFile, fd: number): void {
    if (file.failure !== undefined || !this.#parts.sparse.has(file.node)) return;
    try {
      this.#parts.posix.truncateFile(fd, file.position);
    } catch (error) {
      this.fail(file, error);
    }
  }

  #remove(file: LargeFile): void {
    this.#made.delete(file);
    file.failure = this.#parts.writer.remove(file.directory, file.node, file.failure) as Error | undefined;
  }
}
