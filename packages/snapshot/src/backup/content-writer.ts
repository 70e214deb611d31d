/**
 * Turns bytes into content: cuts them where they lie, stores the chunks, collects their references. Bytes are read
 * straight into the cutter's window and never copied, but for the tail of a window that is full.
 */
import type { Cutter } from "@bcat/chunker";
import type { BlobKind } from "@bcat/pack";
import { TREE } from "@bcat/pack";
import type { WriteSession } from "@bcat/repository";
import { inlineSizeTarget } from "../tree/content.js";
import { ChunkListWriter } from "../tree/list-writer.js";
import type { Content } from "../tree/node.js";

export interface ContentWriterOptions {
  readonly session: Pick<WriteSession, "store">;
  /** Kind of the chunks. Lists of them are trees in any case. */
  readonly kind: BlobKind;
  readonly cutter: Cutter;
  /** Content shorter than this is one chunk, uncut. */
  readonly minimum: number;
}

/** Writes one content after another: fill {@link space}, `advance`, …, `finish`. */
export class ContentWriter {
  readonly #options: ContentWriterOptions;
  #filled = 0;
  #list: ChunkListWriter | undefined;

  constructor(options: ContentWriterOptions) {
    this.#options = options;
  }

  /** Memory for the next bytes, never empty. To be taken anew after every `advance`. */
  get space(): Uint8Array {
    return this.#options.cutter.window.subarray(this.#filled);
  }

  /** Takes the first `length` bytes of {@link space}. */
  advance(length: number): void {
    this.#filled += length;
    if (this.#filled === this.#options.cutter.window.length) this.#cut(false);
  }

  /** The content of all bytes taken; the writer is then ready for the next. */
  finish(): Content {
    if (this.#list === undefined && this.#filled <= inlineSizeTarget) {
      const bytes = this.#options.cutter.window.slice(0, this.#filled);
      this.#filled = 0;
      return { kind: "inline", bytes };
    }
    if (this.#filled > 0) {
      if (this.#filled <= this.#options.minimum) this.#storeChunk(0, this.#filled);
      else this.#cut(true);
    }
    const content = this.#list!.finish();
    this.reset();
    return content;
  }

  /** The content there would be if `write` went on from here and then all ended. This writer is then as it was. */
  preview(write: () => void): Content {
    const { window } = this.#options.cutter;
    const filled = window.slice(0, this.#filled);
    const list = this.#list?.fork();
    try {
      write();
      return this.finish();
    } finally {
      this.#options.cutter.window.set(filled);
      this.#filled = filled.length;
      this.#list = list;
    }
  }

  /** Forgets what was taken since the last `finish`. */
  reset(): void {
    this.#filled = 0;
    this.#list = undefined;
  }

  #cut(last: boolean): void {
    const { cutter } = this.#options;
    const count = cutter.cut(this.#filled, last);
    let start = 0;
    for (let i = 0; i < count; i++) {
      const end = cutter.ends[i]!;
      this.#storeChunk(start, end);
      start = end;
    }
    cutter.window.copyWithin(0, start, this.#filled);
    this.#filled -= start;
  }

  #storeChunk(start: number, end: number): void {
    const { session, kind, cutter } = this.#options;
    const id = session.store(kind, cutter.window.subarray(start, end));
    this.#list ??= new ChunkListWriter((bytes) => session.store(TREE, bytes));
    this.#list.add({ id, length: end - start });
  }
}
