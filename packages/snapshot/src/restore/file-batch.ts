/** Chunks that are asked for together, and where in which file each goes. */
import { DATA } from "@bcat/pack";
import type { WantedChunks } from "@bcat/repository";
import { contentChunkCountMax } from "../tree/content.js";
import { type ChunkReference, idSize } from "../tree/node.js";
import { LargeFile } from "./large-files.js";
import type { WaitingFile } from "./waiting-file.js";

/** Chunks of one batch. */
const CHUNKS_MAX = 16_384;

export class FileBatch {
  readonly files: WaitingFile[] = [];
  /** Where each chunk goes in its file, bytes. */
  readonly positions = new Float64Array(CHUNKS_MAX);
  /** Bytes that each has by the tree. */
  readonly lengths = new Uint32Array(CHUNKS_MAX);
  readonly #ids = new Uint8Array(CHUNKS_MAX * idSize);
  readonly #largeFilesMax: number;
  #largeFiles = 0;

  /** @param largeFilesMax files of several chunks, which are open at once */
  constructor(largeFilesMax: number) {
    this.#largeFilesMax = largeFilesMax;
  }

  /** True when there may be no room for another file. */
  get isFull(): boolean {
    return this.files.length > CHUNKS_MAX - contentChunkCountMax || this.#largeFiles >= this.#largeFilesMax;
  }

  get wanted(): WantedChunks {
    return { kind: DATA, count: this.files.length, ids: this.#ids };
  }

  id(index: number): Uint8Array {
    return this.#ids.subarray(index * idSize, (index + 1) * idSize);
  }

  /** Adds a chunk, copying its id. Those of one file come one after another. */
  add(file: WaitingFile, chunk: ChunkReference, position: number): void {
    const index = this.files.length;
    if (file instanceof LargeFile && this.files[index - 1] !== file) this.#largeFiles++;
    this.files.push(file);
    this.#ids.set(chunk.id, index * idSize);
    this.positions[index] = position;
    this.lengths[index] = chunk.length;
  }

  clear(): void {
    this.files.length = 0;
    this.#largeFiles = 0;
  }
}
