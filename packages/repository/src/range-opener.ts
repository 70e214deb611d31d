/** Opens what one get has brought of a pack, in whatever thread: each frame once, each chunk checked against its id. */
import type { KeyedHash } from "@bcat/crypto";
import { isBcatError } from "@bcat/errors";
import {
  type BlobKind,
  type FrameEntry,
  FrameOpener,
  FrameTable,
  type KeyEntry,
  type PackContext,
  PackFrames,
  readSpan,
  tablesOf,
} from "@bcat/pack";
import { FramePool, OpenFrames } from "./open-frames.js";

/** Sealed frames that lie side by side in a pack, and the chunks wanted of them. It can be cloned. */
export interface FetchedRange {
  /** Of the pack. */
  readonly name: string;
  readonly kind: BlobKind;
  readonly keys: readonly KeyEntry[];
  /** Table of the frames, 28 bytes each, checked when it was read. */
  readonly frames: Uint8Array;
  /** The frames. */
  readonly bytes: Uint8Array;
  readonly chunks: RangeChunks;
}

/** In columns, in the order of the stream, whose first byte is that of the range's first frame. */
export interface RangeChunks {
  readonly count: number;
  /** 32 bytes each. */
  readonly ids: Uint8Array;
  readonly offsets: Uint32Array;
  readonly lengths: Uint32Array;
  /** Frames of the range that hold the chunk. */
  readonly firsts: Uint32Array;
  readonly lasts: Uint32Array;
}

/** Its memory is that of the frames of one chunk. Not re-entrant. */
export class RangeOpener {
  readonly #context: PackContext;
  readonly #idHash: KeyedHash;
  readonly #opener: FrameOpener;
  readonly #pool = new FramePool();

  /** @param idHash of the kind of chunks in the ranges */
  constructor(context: PackContext, idHash: KeyedHash) {
    this.#context = context;
    this.#idHash = idHash;
    this.#opener = new FrameOpener(context);
  }

  /** The chunks in order, each valid until the next; undefined for one that does not open, or has not the id it should. */
  *open({ name, kind, keys, frames, bytes, chunks }: FetchedRange): Generator<Uint8Array | undefined> {
    const tables = tablesOf(keys, new FrameTable(frames));
    const opened = new OpenFrames(
      new PackFrames(this.#context, this.#opener, { name, kind, tables }),
      this.#pool,
      bytes,
    );
    for (let i = 0; i < chunks.count; i++) {
      const chunk = this.#read(chunks, i, opened);
      yield chunk !== undefined && this.#idHash.matches(chunk, chunks.ids, i * 32) ? chunk : undefined;
    }
    opened.clear();
  }

  #read(chunks: RangeChunks, i: number, opened: OpenFrames): Uint8Array | undefined {
    const { tables } = opened;
    const first = chunks.firsts[i]!;
    const last = chunks.lasts[i]!;
    const offset = chunks.offsets[i]!;
    const length = chunks.lengths[i]!;
    opened.dropBelow(first);
    try {
      if (first === last) {
        const start = offset - tables.frames[first]!.plainOffset;
        return opened.plain(first).subarray(start, start + length);
      }
      if (offset === tables.frames[first]!.plainOffset && offset + length === endOf(tables.frames[last]!)) {
        return this.#openWhole(opened, { first, last, length });
      }
      const source = { open: (frame: number) => opened.plain(frame), take: (size: number) => this.#pool.scratch(size) };
      return readSpan(tables, { offset, length, first, last }, source);
    } catch (error) {
      // Whoever asks for the chunk alone finds out why, or another place.
      if (!isBcatError(error, "corrupt")) throw error;
      return undefined;
    }
  }

  /** A chunk that has its frames for itself is opened where it is put together. */
  #openWhole(opened: OpenFrames, { first, last, length }: { first: number; last: number; length: number }): Uint8Array {
    const chunk = this.#pool.scratch(length);
    let start = 0;
    for (let frame = first; frame <= last; frame++) {
      const end = start + opened.tables.frames[frame]!.plainLength;
      opened.openInto(frame, chunk.subarray(start, end));
      start = end;
    }
    return chunk;
  }
}

function endOf({ plainOffset, plainLength }: FrameEntry): number {
  return plainOffset + plainLength;
}
