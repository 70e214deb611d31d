/**
 * Reads many chunks at once, ordered by where they lie: each pack is read front to back, near ranges in one get, each
 * frame opened once, and the next ranges are fetched while one is opened.
 */

import type { KeyedHash } from "@bcat/crypto";
import { isBcatError } from "@bcat/errors";
import { type BlobKind, FrameOpener, type PackContext, PackFrames, readSpan } from "@bcat/pack";
import type { Storage } from "@bcat/storage";
import { type BulkPlan, lengthOf, longestRange, planReads, type Range, type WantedChunks } from "./bulk-plan.js";
import type { ChunkReader, KnownChunks } from "./chunk-reader.js";
import { FramePool, OpenFrames } from "./open-frames.js";
import { isReachable } from "./reachable.js";

/** Ranges that are on their way while one is opened. */
const FETCH_WIDTH = 3;

/** Is handed each chunk once, by its index in the wanted ones. */
export interface ChunkVisitor {
  /** `bytes` is valid until the call returns, or until the promise that it returned settles. */
  onChunk(index: number, bytes: Uint8Array): Promise<void> | void;
  /** The chunk can be had nowhere. */
  onFailure(index: number, error: Error): void;
}

export interface BulkReaderOptions {
  readonly context: PackContext;
  readonly storage: Storage;
  readonly state: KnownChunks;
  readonly idHash: Record<BlobKind, KeyedHash>;
  readonly reader: ChunkReader;
}

/** For one call of {@link read}: the memory of ranges and frames is its own. */
export class BulkReader {
  readonly #options: BulkReaderOptions;
  readonly #opener: FrameOpener;
  readonly #pool = new FramePool();
  /** Memory of ranges that are done with, of as many bytes as the longest range of the plan. */
  readonly #ranges: Uint8Array[] = [];
  #rangeSize = 0;

  constructor(options: BulkReaderOptions) {
    this.#options = options;
    this.#opener = new FrameOpener(options.context);
  }

  /**
   * Reads all of `wanted`. Memory: four ranges, the frames of one chunk, and 20 bytes a chunk.
   *
   * @throws StorageError when the storage is gone
   */
  async read(wanted: WantedChunks, visitor: ChunkVisitor): Promise<void> {
    const { state } = this.#options;
    const plan = planReads(state, wanted, (index, error) => visitor.onFailure(index, error));
    this.#rangeSize = longestRange(plan.ranges);
    for await (const { range, bytes } of this.#fetchAhead(plan.ranges)) {
      await this.#visitRange({ wanted, plan, range, visitor }, bytes);
      if (bytes?.buffer.byteLength === this.#rangeSize) this.#ranges.push(new Uint8Array(bytes.buffer));
    }
  }

  /** The ranges in order, each with its bytes, or without them when it cannot be had as a whole. */
  async *#fetchAhead(ranges: readonly Range[]): AsyncGenerator<{ range: Range; bytes: Uint8Array | undefined }> {
    const coming: Promise<Uint8Array | undefined>[] = [];
    let next = 0;
    for (const range of ranges) {
      for (; next < ranges.length && coming.length <= FETCH_WIDTH; next++) {
        const fetched = this.#fetch(ranges[next]!);
        // Its turn comes later, or never.
        fetched.catch(() => {});
        coming.push(fetched);
      }
      yield { range, bytes: await coming.shift()! };
    }
  }

  async #fetch(range: Range): Promise<Uint8Array | undefined> {
    const { name, frames } = range.record;
    const part = { offset: frames[range.first]!.storedOffset, length: lengthOf(range) };
    try {
      const into = this.#ranges.pop() ?? new Uint8Array(this.#rangeSize);
      return await this.#options.storage.get(name, { range: part, into });
    } catch (error) {
      // Chunk by chunk: a disk that cannot read a part of the range can read the others.
      if (isBcatError(error, "storage-failed")) return undefined;
      throw error;
    }
  }

  async #visitRange({ wanted, plan, range, visitor }: Visit, bytes: Uint8Array | undefined): Promise<void> {
    const { record } = range;
    const pack = { name: record.name, kind: wanted.kind, tables: record };
    const frames = new PackFrames(this.#options.context, this.#opener, pack);
    const base = record.frames[range.first]!.storedOffset;
    const opened = bytes && new OpenFrames(frames, this.#pool, { bytes, base });
    const idHash = this.#options.idHash[wanted.kind];
    for (let position = range.start; position < range.end; position++) {
      const index = plan.order[position]!;
      const id = wanted.ids.subarray(index * 32, index * 32 + 32);
      const chunk = opened && this.#tryRead(plan, index, frames, opened);
      if (chunk !== undefined && idHash.matches(chunk, id)) {
        const turn = visitor.onChunk(index, chunk);
        if (turn !== undefined) await turn;
      } else await this.#readElsewhere({ kind: wanted.kind, id, index }, visitor);
    }
    opened?.clear();
  }

  /** The chunk's bytes, or undefined when a frame of it does not open: the single reader finds out why, or another place. */
  #tryRead(plan: BulkPlan, index: number, frames: PackFrames, opened: OpenFrames): Uint8Array | undefined {
    const first = plan.firsts[index]!;
    const last = plan.lasts[index]!;
    const offset = plan.offsets[index]!;
    const length = plan.lengths[index]!;
    opened.dropBelow(first);
    try {
      if (first === last) {
        const start = offset - frames.tables.frames[first]!.plainOffset;
        return opened.plain(first).subarray(start, start + length);
      }
      const source = { open: (frame: number) => opened.plain(frame), take: (size: number) => this.#pool.scratch(size) };
      return readSpan(frames.tables, { offset, length, first, last }, source);
    } catch (error) {
      if (!isBcatError(error, "corrupt")) throw error;
      return undefined;
    }
  }

  async #readElsewhere(
    { kind, id, index }: { kind: BlobKind; id: Uint8Array; index: number },
    visitor: ChunkVisitor,
  ): Promise<void> {
    let bytes: Uint8Array;
    try {
      bytes = await this.#options.reader.read(kind, id);
    } catch (error) {
      const isUnread = isBcatError(error, "storage-failed") && (await isReachable(this.#options.storage));
      if (!isUnread && !isBcatError(error, "corrupt")) throw error;
      visitor.onFailure(index, error);
      return;
    }
    await visitor.onChunk(index, bytes);
  }
}

interface Visit {
  readonly wanted: WantedChunks;
  readonly plan: BulkPlan;
  readonly range: Range;
  readonly visitor: ChunkVisitor;
}
