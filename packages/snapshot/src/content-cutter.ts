/**
 * Cuts contents that are pushed, one after another, and stores their chunks. They are cut as those of a backup are, holes
 * too: what lies in one as a whole is the same chunk over and over, and neither made nor read (`file-window.ts`).
 */
import { createCutter } from "@bcat/chunker";
import { DATA, TREE } from "@bcat/pack";
import type { WriteSession } from "@bcat/repository";
import type { ContentSink } from "./backup/contents/file-reader.js";
import { FileWindow } from "./backup/contents/file-window.js";
import { ChunkListWriter } from "./tree/list-writer.js";
import type { ChunkReference, Content } from "./tree/node.js";

/**
 * `start`, then pieces in order, then `finish`; a content that is not finished is forgotten by the next `start`. Or the same
 * with a sink of the caller's, who stores the chunks.
 */
export class ContentCutter {
  readonly #session: WriteSession;
  readonly #window: FileWindow;
  #list: ChunkListWriter | undefined;
  #last: ChunkReference | undefined;

  constructor(session: WriteSession) {
    const { repository } = session;
    const { chunker } = repository;
    this.#session = session;
    this.#window = new FileWindow({ ...chunker, cutter: createCutter(chunker, repository.gear()) });
  }

  start(sink: ContentSink = this.#sink): void {
    sink.restart();
    this.#window.start(sink);
  }

  /** Copies the next bytes. What is stored on the way is bounded by whoever calls `ready` of the session between two. */
  put(bytes: Uint8Array): void {
    for (let start = 0; start < bytes.length; ) {
      const { space } = this.#window;
      const length = Math.min(space.length, bytes.length - start);
      space.set(bytes.subarray(start, start + length));
      this.#window.advance(length);
      start += length;
    }
  }

  /** Takes so many zeros; yields the bytes of those that cost time. */
  hole(length: number): Generator<number, void, void> {
    return this.#window.hole(length);
  }

  finish(): Content {
    const inline = this.#window.finish();
    return inline === undefined ? this.#list!.finish() : { kind: "inline", bytes: inline.slice() };
  }

  /** Gives the last chunks to the caller's sink. Returns the whole content when it is so short that it stays in its node. */
  finishSink(): Uint8Array | undefined {
    return this.#window.finish();
  }

  readonly #sink: ContentSink = {
    chunk: (bytes) => this.#add({ id: this.#session.store(DATA, bytes).slice(), length: bytes.length }),
    repeat: (times) => {
      for (let i = 0; i < times; i++) this.#add(this.#last!);
    },
    restart: () => {
      this.#list = undefined;
    },
  };

  #add(chunk: ChunkReference): void {
    this.#list ??= new ChunkListWriter((bytes) => this.#session.store(TREE, bytes));
    this.#list.add(chunk);
    this.#last = chunk;
  }
}
