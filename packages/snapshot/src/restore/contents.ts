/**
 * The content of files, on its way. What is in nodes is written by the thousand files, chunks are asked for in batches and
 * come in the order in which they lie in packs. While one batch is read and written, the next is put together. Memory and
 * open files are bounded by the two batches, not by the restore.
 *
 *     files ──► chunks wanted ──► ranges of packs ──┐
 *           └─► content of nodes ───────────────────┴──► jobs ──► other threads, or here ──► settled
 */
import type { BulkReader, FetchedRange, RangeVisitor } from "@bcat/repository";
import type { ChunkReference, Content, Node } from "../tree/node.js";
import { FileBatch } from "./file-batch.js";
import { InlineFiles } from "./inline-files.js";
import { hasEarlyFlags } from "./inode-flags.js";
import { type Jobs, wrongLength } from "./jobs.js";
import { LargeFile, type LargeFiles } from "./large-files.js";
import type { SparseFiles } from "./sparse-files.js";
import { type FilePlace, WaitingFile } from "./waiting-file.js";

export interface ContentsParts {
  readonly reader: BulkReader;
  readonly jobs: Jobs;
  readonly large: LargeFiles;
  readonly largeFilesMax: number;
  readonly sparse: SparseFiles;
}

export class Contents {
  readonly #reader: BulkReader;
  readonly #jobs: Jobs;
  readonly #large: LargeFiles;
  readonly #inline: InlineFiles;
  readonly #sparse: SparseFiles;
  #batch: FileBatch;
  /** The one that is read, or will be after {@link #batch}. */
  #other: FileBatch;
  #reading: Promise<void> = Promise.resolve();

  /** @param largeFilesMax files of several chunks in one batch */
  constructor({ reader, jobs, large, largeFilesMax, sparse }: ContentsParts) {
    this.#reader = reader;
    this.#jobs = jobs;
    this.#large = large;
    this.#batch = new FileBatch(largeFilesMax);
    this.#other = new FileBatch(largeFilesMax);
    this.#inline = new InlineFiles(jobs);
    this.#sparse = sparse;
  }

  /** Call {@link flush} before the next file. */
  get isFull(): boolean {
    return this.#batch.isFull;
  }

  /** Takes a file whose content is in its node, or whose chunks are named there. */
  add(place: FilePlace, node: Node, content: Exclude<Content, { kind: "list" }>): Promise<void> | undefined {
    if (hasEarlyFlags(node)) return this.#addWhole(new LargeFile(node, place), content);
    if (content.kind === "inline") {
      this.#jobs.expect(1, content.bytes.length);
      return this.#inline.add(new WaitingFile(node, place), content.bytes);
    }
    const { chunks } = content;
    const [only] = chunks;
    if (chunks.length === 1 && only !== undefined && !this.#isHole(node, only)) {
      this.#jobs.expect(1, only.length);
      this.#batch.add(new WaitingFile(node, place), only, 0);
      return undefined;
    }
    this.#jobs.expect(1, 0);
    this.#addWhole(new LargeFile(node, place), content);
    return undefined;
  }

  #addWhole(file: LargeFile, content: Exclude<Content, { kind: "list" }>): undefined {
    if (content.kind === "inline") {
      this.#large.write(file, content.bytes, 0);
      file.position = content.bytes.length;
    } else for (const chunk of content.chunks) if (!this.addHole(file, chunk)) this.addChunk(file, chunk);
    this.#large.complete(file);
  }

  /** Takes the next chunk of a file. Call {@link flush} when {@link isFull}, and {@link complete} after the last. */
  addChunk(file: LargeFile, chunk: ChunkReference): void {
    this.#jobs.expect(0, chunk.length);
    this.#batch.add(file, chunk, file.position);
    file.position += chunk.length;
    file.waiting++;
  }

  /** Takes the next chunk of a file when that is nothing but zeros, and the file is to have a hole there. */
  addHole(file: LargeFile, chunk: ChunkReference): boolean {
    if (!this.#isHole(file.node, chunk)) return false;
    this.#large.skip(file, chunk.length);
    return true;
  }

  /** Takes the next bytes of a file from the target, where they are already. */
  keep(file: LargeFile, bytes: Uint8Array): void {
    this.#large.keep(file, bytes);
  }

  complete(file: LargeFile): void {
    this.#large.complete(file);
  }

  /**
   * Begins to read and write all that was added, which goes on until the next call, and calls `after` when it is done.
   *
   * @throws StorageError, BcatError target-failed, interrupted: the restore ends
   */
  async flush(after: () => Promise<void>): Promise<void> {
    await this.#reading;
    const batch = this.#batch;
    this.#batch = this.#other;
    this.#other = batch;
    this.#reading = this.#read(batch, after);
    // It is waited for at the next call.
    this.#reading.catch(() => {});
  }

  /** Waits until all is written that was flushed. @throws as {@link flush} */
  async finish(): Promise<void> {
    await this.#reading;
  }

  /** Ends what is under way, and removes files that are not whole. */
  async close(): Promise<void> {
    await this.#jobs.close();
    await this.#reading.catch(() => {});
    this.#large.discard();
  }

  async #read(batch: FileBatch, after: () => Promise<void>): Promise<void> {
    // Of what is in nodes all is begun now: directories that `after` finishes are to have everything in them.
    const inline = this.#inline.finish();
    inline.catch(() => {});
    await this.#reader.readRanges(batch.wanted, this.#visitor(batch));
    batch.clear();
    await inline;
    await after();
  }

  #visitor(batch: FileBatch): RangeVisitor {
    const { files, positions, lengths } = batch;
    return {
      width: this.#jobs.width,
      onRange: async (range: FetchedRange, indexes: Uint32Array) => {
        return await this.#jobs.run({
          files: Array.from(indexes, (index) => files[index]!),
          positions: Float64Array.from(indexes, (index) => positions[index]!),
          lengths: indexes.map((index) => lengths[index]!),
          content: range,
        });
      },
      onChunk: (index, bytes) => {
        const file = files[index]!;
        const said = lengths[index]!;
        if (bytes.length === said) this.#jobs.write(file, bytes, positions[index]!);
        else this.#jobs.fail(file, wrongLength({ id: batch.id(index), found: bytes.length, said }));
      },
      onFailure: (index, error) => this.#jobs.fail(files[index]!, error),
    };
  }

  #isHole(node: Node, chunk: ChunkReference): boolean {
    return this.#sparse.has(node) && this.#sparse.isZeros(chunk);
  }
}
