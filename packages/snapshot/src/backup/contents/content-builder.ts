/**
 * Puts the content of one file together from its chunks, as it will stand in its node (docs/format.md section 12.3).
 * Nearly all files have one chunk, or none: those make no objects.
 */
import { contentChunkCountMax, encodeContent } from "../../tree/content.js";
import { ChunkListWriter, type StoreTree } from "../../tree/list-writer.js";
import { type ChunkReference, idSize } from "../../tree/node.js";

const LENGTH_SIZE_MAX = 5;
const CONTENT_INLINE = 0;
const CONTENT_CHUNKS = 1;

export class ContentBuilder {
  readonly #storeTree: StoreTree;
  readonly #ids = new Uint8Array(contentChunkCountMax * idSize);
  readonly #lengths = new Float64Array(contentChunkCountMax);
  readonly #encoded = new Uint8Array(2 + contentChunkCountMax * (LENGTH_SIZE_MAX + idSize));
  #count = 0;
  /** Takes over when there are more chunks than stay in a node. */
  #list: ChunkListWriter | undefined;
  /** Of the list, the chunk that was added last. */
  #last: ChunkReference | undefined;

  constructor(storeTree: StoreTree) {
    this.#storeTree = storeTree;
  }

  /** Adds the next chunk; its id is copied. */
  add(id: Uint8Array, length: number): void {
    if (this.#list !== undefined || this.#count === contentChunkCountMax) {
      this.#last = { id: id.slice(), length };
      this.#list ??= this.#makeList();
      this.#list.add(this.#last);
      return;
    }
    this.#ids.set(id, this.#count * idSize);
    this.#lengths[this.#count++] = length;
  }

  /** Adds the chunk that was added last so many times more. */
  repeat(times: number): void {
    const last = this.#count - 1;
    const chunk = this.#last ?? {
      id: this.#ids.slice(last * idSize, this.#count * idSize),
      length: this.#lengths[last]!,
    };
    for (let i = 0; i < times; i++) {
      if (this.#list === undefined) this.add(chunk.id, chunk.length);
      else this.#list.add(chunk);
    }
  }

  restart(): void {
    this.#count = 0;
    this.#last = undefined;
    this.#list = undefined;
  }

  /**
   * The encoded content: `inline`, when that is all of it, or that of the chunks added; valid until the next call. The
   * builder is then ready for the next file.
   */
  finish(inline: Uint8Array | undefined): Uint8Array {
    const content =
      inline !== undefined
        ? this.#encodeInline(inline)
        : this.#list === undefined
          ? this.#encodeChunks()
          : encodeContent(this.#list.finish());
    this.restart();
    return content;
  }

  #makeList(): ChunkListWriter {
    const list = new ChunkListWriter(this.#storeTree);
    for (let i = 0; i < this.#count; i++) {
      list.add({ id: this.#ids.slice(i * idSize, (i + 1) * idSize), length: this.#lengths[i]! });
    }
    return list;
  }

  #encodeInline(bytes: Uint8Array): Uint8Array {
    this.#encoded[0] = CONTENT_INLINE;
    const start = this.#putVarint(1, bytes.length);
    this.#encoded.set(bytes, start);
    return this.#encoded.subarray(0, start + bytes.length);
  }

  #encodeChunks(): Uint8Array {
    this.#encoded[0] = CONTENT_CHUNKS;
    let end = this.#putVarint(1, this.#count);
    for (let i = 0; i < this.#count; i++) {
      end = this.#putVarint(end, this.#lengths[i]!);
      for (let from = i * idSize; from < (i + 1) * idSize; from++) this.#encoded[end++] = this.#ids[from]!;
    }
    return this.#encoded.subarray(0, end);
  }

  /** Returns where the next byte goes. */
  #putVarint(at: number, value: number): number {
    for (; value >= 128; value = Math.floor(value / 128)) this.#encoded[at++] = (value % 128) | 128;
    this.#encoded[at++] = value;
    return at;
  }
}
