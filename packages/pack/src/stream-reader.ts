/** Bytes of a pack's stream: which frames hold them, and how they come out of those. */
import { CorruptError } from "@bcat/errors";
import type { BlobKind } from "./blob-kind.js";
import type { PackContext } from "./context.js";
import { type FrameOpener, packKey } from "./frame.js";
import type { FrameEntry, FrameTables } from "./tables.js";

/** Index of the frame that holds byte `offset` of the stream, or -1 behind its end. */
export function findFrame(frames: readonly FrameEntry[], offset: number): number {
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

/** First and last index of the frames that hold `length` > 0 bytes at `offset`. @throws CorruptError naming `object` */
export function framesOf(
  tables: FrameTables,
  chunk: { offset: number; length: number },
  object: string,
): { first: number; last: number } {
  const first = findFrame(tables.frames, chunk.offset);
  const last = findFrame(tables.frames, chunk.offset + chunk.length - 1);
  if (first >= 0 && last >= 0) return { first, last };
  const place = `${chunk.length} bytes at ${chunk.offset}`;
  throw new CorruptError(`Cannot read "${object}": ${place} are not in its stream`, { object });
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
    let key = this.#keys.get(frame.key);
    if (key === undefined) {
      key = packKey(this.#context, this.tables.keys[frame.key]!, this.#kind);
      this.#keys.set(frame.key, key);
    }
    this.#opener.open(key, frame, sealed, target, this.name);
  }
}
