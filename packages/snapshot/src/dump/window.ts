/**
 * A piece of what is dumped, in the order in which it goes out: bytes that are known, and room for chunks, which are put
 * there in whatever order they come from the packs.
 *
 *     span of entry 1                     span of entry 2
 *     header │ chunk │ chunk │ padding    header │ chunk …     (its next span is in the next window)
 */
import { DATA } from "@bcat/pack";
import type { WantedChunks } from "@bcat/repository";
import { type ChunkReference, idSize, type Node } from "../tree/node.js";
import type { FirstName } from "./links.js";

/** Bytes of a window, unless a single chunk has more. */
export const windowSize = 8 * 2 ** 20;
/** Chunks of a window: of the smallest files there are, headers included, fewer fit. */
const CHUNKS_MAX = 32_768;

/** An entry on its way out. */
export interface DumpItem {
  readonly path: Uint8Array;
  readonly node: Node;
  /** Why it cannot be read. Set by {@link failItem}. */
  failure?: Error | undefined;
  /** Some of it has been written: it cannot be left out any more. */
  isBegun?: boolean;
  /** What others may be linked to, of an entry with several names. */
  firstName?: FirstName | undefined;
  /** What it is only another name of. */
  readonly linkedTo?: FirstName | undefined;
}

/** An entry cannot be read, nor can it under its other names; the first reason counts. */
export function failItem(item: DumpItem, error: Error): void {
  item.failure ??= error;
  if (item.firstName !== undefined) item.firstName.failure ??= error;
}

/** What of an entry lies in a window, from `start` to before `end`. */
export interface Span<Item extends DumpItem = DumpItem> {
  readonly item: Item;
  readonly start: number;
  end: number;
  readonly isFirst: boolean;
  isLast: boolean;
  /** Bytes of chunks. */
  chunkBytes: number;
}

export class Window<Item extends DumpItem = DumpItem> {
  bytes = new Uint8Array(windowSize);
  length = 0;
  readonly spans: Span<Item>[] = [];
  #ids = new Uint8Array(1_024 * idSize);
  /** Of each chunk: where it goes, how long the tree says it is, and the span that it is in. */
  readonly #positions: number[] = [];
  readonly #lengths: number[] = [];
  readonly #owners: Span<Item>[] = [];

  get room(): number {
    return this.#positions.length === CHUNKS_MAX ? 0 : this.bytes.length - this.length;
  }

  get isEmpty(): boolean {
    return this.length === 0 && this.spans.length === 0;
  }

  get wanted(): WantedChunks {
    return { kind: DATA, count: this.#positions.length, ids: this.#ids };
  }

  begin(item: Item, isFirst: boolean): void {
    this.spans.push({ item, start: this.length, end: this.length, isFirst, isLast: false, chunkBytes: 0 });
  }

  end(isLast: boolean): void {
    const span = this.spans.at(-1)!;
    span.end = this.length;
    span.isLast = isLast;
  }

  /** Takes bytes there is {@link room} for. */
  add(bytes: Uint8Array): void {
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** Leaves room for a chunk of the entry that was begun last. An empty window takes one of any length. */
  addChunk({ id, length }: ChunkReference): void {
    if (this.length === 0 && this.bytes.length < length) this.bytes = new Uint8Array(length);
    const index = this.#positions.length;
    if ((index + 1) * idSize > this.#ids.length) {
      const larger = new Uint8Array(this.#ids.length * 2);
      larger.set(this.#ids);
      this.#ids = larger;
    }
    this.#ids.set(id, index * idSize);
    this.#positions.push(this.length);
    this.#lengths.push(length);
    const span = this.spans.at(-1)!;
    span.chunkBytes += length;
    this.#owners.push(span);
    this.length += length;
  }

  put(index: number, chunk: Uint8Array): void {
    const said = this.#lengths[index]!;
    if (chunk.length === said) this.bytes.set(chunk, this.#positions[index]!);
    else this.fail(index, new Error(`a chunk of it has ${chunk.length} bytes, its tree says ${said}`));
  }

  fail(index: number, error: Error): void {
    failItem(this.#owners[index]!.item, error);
  }

  /** Ready for the next; memory for a chunk longer than usual is given back. */
  clear(): void {
    if (this.bytes.length > windowSize) this.bytes = new Uint8Array(windowSize);
    this.length = 0;
    this.spans.length = 0;
    this.#positions.length = 0;
    this.#lengths.length = 0;
    this.#owners.length = 0;
  }
}
