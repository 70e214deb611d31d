/**
 * Reads many chunks at once, ordered by where they lie: each pack is read front to back, near ranges in one get, and the
 * next ranges are fetched while some are opened.
 *
 *     wanted ──► plan ──► get ──► range ──► its visitor, so many at once ──► chunks that it could not open, one by one
 */

import type { KeyedHash } from "@bcat/crypto";
import { isBcatError } from "@bcat/errors";
import type { BlobKind, PackContext } from "@bcat/pack";
import type { Storage } from "@bcat/storage";
import { type BulkPlan, lengthOf, longestRange, planReads, type Range, type WantedChunks } from "./bulk-plan.js";
import type { ChunkReader, KnownChunks } from "./chunk-reader.js";
import { mapAhead } from "./map-ahead.js";
import { type FetchedRange, RangeOpener } from "./range-opener.js";
import { isOfObject } from "./reachable.js";

/** Ranges that are on their way while others are opened. */
const FETCH_AHEAD = 3;

/** Is handed each chunk once, by its index in the wanted ones. */
export interface ChunkVisitor {
  /** `bytes` is valid until the call returns, or until the promise that it returned settles. */
  onChunk(index: number, bytes: Uint8Array): Promise<void> | void;
  /** The chunk can be had nowhere. */
  onFailure(index: number, error: Error): void;
}

/** Opens ranges itself; chunks that it could not open come to it one by one. */
export interface RangeVisitor extends ChunkVisitor {
  /** Ranges that it is handed at once. */
  readonly width: number;
  /**
   * Opens a range of the chunks with these indexes. Its memory, which is shared if the storage read into it, is the
   * visitor's until the promise settles.
   *
   * @returns which of its chunks could not be opened, by their positions in the range
   */
  onRange(range: FetchedRange, indexes: Uint32Array): Promise<readonly number[]>;
}

export interface BulkReaderOptions {
  readonly context: PackContext;
  readonly storage: Storage;
  readonly state: KnownChunks;
  readonly idHash: Record<BlobKind, KeyedHash>;
  readonly reader: ChunkReader;
}

/** Reads one plan after another, with the same memory. Not re-entrant. */
export class BulkReader {
  readonly #options: BulkReaderOptions;
  /** Memory of ranges that are done with, of as many bytes as the longest range of any plan so far. */
  #ranges: Uint8Array[] = [];
  #rangeSize = 0;

  constructor(options: BulkReaderOptions) {
    this.#options = options;
  }

  /** As {@link readRanges}, opening them here. Memory of frames: those of one chunk. */
  async read(wanted: WantedChunks, { onChunk, onFailure }: ChunkVisitor): Promise<void> {
    const opener = new RangeOpener(this.#options.context, this.#options.idHash[wanted.kind]);
    const onRange = async (range: FetchedRange, indexes: Uint32Array) => {
      const unread: number[] = [];
      let position = 0;
      for (const chunk of opener.open(range)) {
        if (chunk === undefined) unread.push(position);
        else await onChunk(indexes[position]!, chunk);
        position++;
      }
      return unread;
    };
    await this.readRanges(wanted, { width: 1, onRange, onChunk, onFailure });
  }

  /** The gets that {@link readRanges} would make, without making them. */
  forecast(
    wanted: WantedChunks,
    onFailure: (index: number, error: Error) => void,
  ): { readonly name: string; readonly length: number }[] {
    const { ranges } = planReads(this.#options.state, wanted, onFailure);
    return ranges.map((range) => ({ name: range.record.name, length: lengthOf(range) }));
  }

  /**
   * Reads all of `wanted`. Memory: three ranges and as many as the visitor takes at once, and 20 bytes a chunk.
   *
   * @throws StorageError when the storage is gone, and what the visitor throws; no range is the visitor's any more then
   */
  async readRanges(wanted: WantedChunks, visitor: RangeVisitor): Promise<void> {
    const { state } = this.#options;
    const plan = planReads(state, wanted, (index, error) => visitor.onFailure(index, error));
    this.#reserve(longestRange(plan.ranges));
    const fetched = mapAhead(plan.ranges, FETCH_AHEAD, async (range) => ({ range, bytes: await this.#fetch(range) }));
    const lanes = Array.from({ length: Math.min(visitor.width, plan.ranges.length) }, async () => {
      for await (const { range, bytes } of fetched) await this.#visitRange({ wanted, plan, range, visitor }, bytes);
    });
    const ends = await Promise.allSettled(lanes);
    for (const end of ends) if (end.status === "rejected") throw end.reason;
  }

  #reserve(size: number): void {
    if (size <= this.#rangeSize) return;
    this.#rangeSize = size;
    this.#ranges = [];
  }

  /** Undefined when it cannot be had as a whole. */
  async #fetch(range: Range): Promise<Uint8Array | undefined> {
    const { name, table } = range.record;
    const part = { offset: table.storedOffset(range.first), length: lengthOf(range) };
    try {
      const into = this.#ranges.pop() ?? new Uint8Array(new SharedArrayBuffer(this.#rangeSize));
      return await this.#options.storage.get(name, { range: part, into });
    } catch (error) {
      // Chunk by chunk: a disk that cannot read a part of the range can read the others.
      if (isBcatError(error, "storage-failed")) return undefined;
      throw error;
    }
  }

  async #visitRange({ wanted, plan, range, visitor }: Visit, bytes: Uint8Array | undefined): Promise<void> {
    const indexes = plan.order.subarray(range.start, range.end);
    const unread =
      bytes === undefined
        ? Array.from(indexes.keys())
        : await visitor.onRange(describeRange({ wanted, plan, range, indexes }, bytes), indexes);
    for (const position of unread) {
      const index = indexes[position]!;
      const id = wanted.ids.subarray(index * 32, index * 32 + 32);
      await this.#readElsewhere({ kind: wanted.kind, id, index }, visitor);
    }
    if (bytes?.buffer.byteLength === this.#rangeSize) this.#ranges.push(new Uint8Array(bytes.buffer));
  }

  async #readElsewhere(
    { kind, id, index }: { kind: BlobKind; id: Uint8Array; index: number },
    visitor: ChunkVisitor,
  ): Promise<void> {
    let bytes: Uint8Array;
    try {
      bytes = await this.#options.reader.read(kind, id);
    } catch (error) {
      const isUnread = isBcatError(error, "storage-failed") && (await isOfObject(this.#options.storage, error));
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
  readonly visitor: RangeVisitor;
}

/** What the range needs to be opened elsewhere: nothing in it refers to the pack as a whole. */
function describeRange(
  { wanted, plan, range, indexes }: Omit<Visit, "visitor"> & { readonly indexes: Uint32Array },
  bytes: Uint8Array,
): FetchedRange {
  const { record, first, last } = range;
  const { name, keys, table } = record;
  const base = table.plainOffset(first);
  const count = indexes.length;
  const ids = new Uint8Array(count * 32);
  for (let i = 0; i < count; i++) {
    const from = indexes[i]! * 32;
    ids.set(wanted.ids.subarray(from, from + 32), i * 32);
  }
  const chunks = {
    count,
    ids,
    offsets: indexes.map((index) => plan.offsets[index]! - base),
    lengths: indexes.map((index) => plan.lengths[index]!),
    firsts: indexes.map((index) => plan.firsts[index]! - first),
    lasts: indexes.map((index) => plan.lasts[index]! - first),
  };
  return { name, kind: wanted.kind, keys, frames: table.slice(first, last), bytes, chunks };
}
