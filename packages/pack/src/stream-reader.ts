/** Bytes of a pack's stream: which frames hold them, and how they come out of those. */
import { CorruptError } from "@bcat/errors";
import type { BlobKind } from "./blob-kind.js";
import type { PackContext } from "./context.js";
import { type FrameOpener, packKey } from "./frame.js";
import type { FrameEntry, FrameTables } from "./tables.js";

/** A piece of the stream, of `length` > 0 bytes, and the first and last index of the frames that hold it. */
export interface Span {
  readonly offset: number;
  readonly length: number;
  readonly first: number;
  readonly last: number;
}

/** Index of the frame that holds byte `offset` of the stream, or -1 behind its end. */
function findFrame(tables: FrameTables, offset: number): number {
  // What has been read has them in columns, and no objects yet.
  if (tables.table !== undefined) return tables.table.find(offset);
  const { frames } = tables;
  let low = 0;
  let high = frames.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (frames[middle]!.plainOffset <= offset) low = middle;
    else high = middle - 1;
  }
  const frame = frames[low];
  return frame !== undefined && offset < frame.plainOffset + frame.plainLength ? low : -1;
}

/** The span of a chunk. @throws CorruptError naming `object` when it does not lie in the stream */
export function spanOf(tables: FrameTables, chunk: { offset: number; length: number }, object: string): Span {
  const { offset, length } = chunk;
  const first = findFrame(tables, offset);
  const last = findFrame(tables, offset + length - 1);
  if (first >= 0 && last >= 0) return { offset, length, first, last };
  throw new CorruptError(`Cannot read "${object}": ${length} bytes at ${offset} are not in its stream`, { object });
}

export interface SpanSource {
  /** The plaintext of frame `index`, and maybe more behind it; valid until the next call. Called in order. */
  open(index: number): Uint8Array;
  /** Memory of `length` bytes for a span that lies in several frames. */
  take(length: number): Uint8Array;
}

/** The bytes of a span: a view on its only frame, or put together in memory that was taken for them. */
export function readSpan({ frames }: FrameTables, span: Span, source: SpanSource): Uint8Array {
  const { offset, length, first, last } = span;
  if (first === last) {
    const start = offset - frames[first]!.plainOffset;
    return source.open(first).subarray(start, start + length);
  }
  const target = source.take(length);
  for (let index = first; index <= last; index++) {
    const { plainOffset, plainLength } = frames[index]!;
    const from = Math.max(0, offset - plainOffset);
    const to = Math.min(plainLength, offset + length - plainOffset);
    target.set(source.open(index).subarray(from, to), plainOffset + from - offset);
  }
  return target;
}

/** Opens frames of one pack, deriving each of its keys once. */
export class PackFrames {
  readonly name: string;
  readonly tables: FrameTables;
  readonly #context: PackContext;
  readonly #kind: BlobKind;
  readonly #opener: FrameOpener;
  readonly #keys = new Map<number, Uint8Array>();

  constructor(context: PackContext, opener: FrameOpener, pack: { name: string; kind: BlobKind; tables: FrameTables }) {
    this.name = pack.name;
    this.tables = pack.tables;
    this.#context = context;
    this.#kind = pack.kind;
    this.#opener = opener;
  }

  /** Opens frame `index` from its sealed bytes into `target`. @throws CorruptError naming the pack */
  open(index: number, sealed: Uint8Array, target: Uint8Array): void {
    const frame = this.tables.frames[index]!;
    this.#opener.open(this.#keyOf(frame), frame, sealed, target, this.name);
  }

  /** True when frame `index` may be moved into another pack as it is: its tag is right. */
  isAuthentic(index: number, sealed: Uint8Array): boolean {
    const frame = this.tables.frames[index]!;
    return this.#opener.isAuthentic(this.#keyOf(frame), frame, sealed);
  }

  #keyOf(frame: FrameEntry): Uint8Array {
    let key = this.#keys.get(frame.key);
    if (key === undefined) {
      key = packKey(this.#context, this.tables.keys[frame.key]!, this.#kind);
      this.#keys.set(frame.key, key);
    }
    return key;
  }
}
