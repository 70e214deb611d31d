/**
 * Reads many chunks at once, ordered by where they lie: each pack is read front to back, near ranges in one get, each
 * frame opened once, and the next range is fetched while this one is opened.
 */

import type { KeyedHash } from "@bcat/crypto";
import { isBcatError } from "@bcat/errors";
import {
  type BlobKind,
  FRAME_PLAIN_MAX,
  FrameOpener,
  type PackContext,
  PackFrames,
  type PackRecord,
  readSpan,
  type Span,
  spanOf,
} from "@bcat/pack";
import type { Storage } from "@bcat/storage";
import { type ChunkReader, type KnownChunks, missingChunk } from "./chunk-reader.js";
import { isReachable } from "./reachable.js";

/** Bytes of a pack that are read for nothing rather than with another get. */
const GAP_MAX = 256 * 1024;
/** Bytes of one get, unless a single chunk takes more. */
const RANGE_SIZE_MAX = 8 * 2 ** 20;

/** The chunks wanted, in columns: 32 bytes of id each. */
export interface WantedChunks {
  readonly kind: BlobKind;
  readonly count: number;
  readonly ids: Uint8Array;
}

/** Is handed each chunk once, by its index in the wanted ones. `bytes` is valid until the promise settles. */
export interface ChunkVisitor {
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

/** Wanted chunks of one pack that one get brings. */
interface Range {
  readonly record: PackRecord;
  readonly wants: Want[];
  first: number;
  last: number;
}

/** A wanted chunk, by its index, and where it lies. */
interface Want extends Span {
  readonly index: number;
}

export class BulkReader {
  readonly #options: BulkReaderOptions;
  readonly #opener: FrameOpener;
  readonly #free: Uint8Array[] = [];
  #scratch = new Uint8Array(0);

  constructor(options: BulkReaderOptions) {
    this.#options = options;
    this.#opener = new FrameOpener(options.context);
  }

  /** Reads all of `wanted`. Memory: two ranges, and the frames of one chunk. @throws StorageError when the storage is gone */
  async read(wanted: WantedChunks, visitor: ChunkVisitor): Promise<void> {
    const ranges = this.#plan(wanted, visitor);
    let next = ranges[0] === undefined ? undefined : this.#fetch(ranges[0]);
    for (let i = 0; i < ranges.length; i++) {
      const fetched = await next;
      const following = ranges[i + 1];
      next = following === undefined ? undefined : this.#fetch(following);
      next?.catch(() => {});
      await this.#visitRange(wanted, ranges[i]!, fetched, visitor);
    }
  }

  #plan(wanted: WantedChunks, visitor: ChunkVisitor): Range[] {
    const { state } = this.#options;
    const packs = new Map<string, { record: PackRecord; wants: Want[] }>();
    for (let index = 0; index < wanted.count; index++) {
      const id = wanted.ids.subarray(index * 32, index * 32 + 32);
      try {
        const location = state.index.locate(wanted.kind, id)[0];
        if (location === undefined) {
          visitor.onFailure(index, missingChunk(id, state));
          continue;
        }
        const record = location.pack;
        const span = spanOf(record, location, record.name);
        let pack = packs.get(record.name);
        if (pack === undefined) {
          pack = { record, wants: [] };
          packs.set(record.name, pack);
        }
        pack.wants.push({ index, ...span });
      } catch (error) {
        if (!isBcatError(error, "corrupt")) throw error;
        visitor.onFailure(index, error);
      }
    }
    return [...packs.values()].flatMap(({ record, wants }) => cutRanges(record, wants));
  }

  async #fetch(range: Range): Promise<Uint8Array | undefined> {
    const { frames, name } = range.record;
    const offset = frames[range.first]!.storedOffset;
    const last = frames[range.last]!;
    try {
      return await this.#options.storage.get(name, {
        range: { offset, length: last.storedOffset + last.storedLength - offset },
      });
    } catch (error) {
      // Chunk by chunk: a disk that cannot read a part of the range can read the others.
      if (isBcatError(error, "storage-failed")) return undefined;
      throw error;
    }
  }

  async #visitRange(
    wanted: WantedChunks,
    range: Range,
    fetched: Uint8Array | undefined,
    visitor: ChunkVisitor,
  ): Promise<void> {
    const { record } = range;
    const frames = new PackFrames(this.#options.context, this.#opener, {
      name: record.name,
      kind: wanted.kind,
      tables: record,
    });
    const opened = new Map<number, Uint8Array>();
    const base = record.frames[range.first]!.storedOffset;
    for (const want of range.wants) {
      for (const [index, plain] of opened) {
        if (index >= want.first) continue;
        opened.delete(index);
        this.#free.push(plain);
      }
      const id = wanted.ids.subarray(want.index * 32, want.index * 32 + 32);
      const bytes = this.#tryRead(frames, want, opened, fetched, base);
      if (bytes !== undefined && Buffer.compare(this.#options.idHash[wanted.kind].hash(bytes), id) === 0) {
        await visitor.onChunk(want.index, bytes);
      } else await this.#readElsewhere(wanted.kind, id, want.index, visitor);
    }
    this.#free.push(...opened.values());
  }

  /** The chunk's bytes, or undefined when a frame of it does not open: the single reader finds out why, or another place. */
  #tryRead(
    frames: PackFrames,
    want: Want,
    opened: Map<number, Uint8Array>,
    fetched: Uint8Array | undefined,
    base: number,
  ): Uint8Array | undefined {
    if (fetched === undefined) return undefined;
    const open = (index: number): Uint8Array => {
      const known = opened.get(index);
      if (known !== undefined) return known;
      const { storedOffset, storedLength } = frames.tables.frames[index]!;
      const plain = this.#free.pop() ?? new Uint8Array(FRAME_PLAIN_MAX);
      opened.set(index, plain);
      frames.open(index, fetched.subarray(storedOffset - base, storedOffset - base + storedLength), plain);
      return plain;
    };
    try {
      return readSpan(frames.tables, want, { open, take: (length) => this.#takeScratch(length) });
    } catch (error) {
      if (!isBcatError(error, "corrupt")) throw error;
      opened.clear();
      return undefined;
    }
  }

  #takeScratch(length: number): Uint8Array {
    if (this.#scratch.length < length) this.#scratch = new Uint8Array(length);
    return this.#scratch.subarray(0, length);
  }

  async #readElsewhere(kind: BlobKind, id: Uint8Array, index: number, visitor: ChunkVisitor): Promise<void> {
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

function cutRanges(record: PackRecord, wants: Want[]): Range[] {
  wants.sort((a, b) => a.offset - b.offset);
  const ranges: Range[] = [];
  let range: Range | undefined;
  for (const want of wants) {
    const start = record.frames[want.first]!.storedOffset;
    const last = record.frames[want.last]!;
    if (range !== undefined) {
      const end = record.frames[range.last]!;
      const begin = record.frames[range.first]!.storedOffset;
      const isNear = start - (end.storedOffset + end.storedLength) <= GAP_MAX;
      if (isNear && last.storedOffset + last.storedLength - begin <= RANGE_SIZE_MAX) {
        range.wants.push(want);
        range.last = Math.max(range.last, want.last);
        continue;
      }
    }
    range = { record, wants: [want], first: want.first, last: want.last };
    ranges.push(range);
  }
  return ranges;
}
