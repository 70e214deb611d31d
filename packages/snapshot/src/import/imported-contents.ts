/**
 * Contents of an archive, one after another, as chunks. They are cut as those of a backup are, holes too: what lies in one
 * as a whole is the same chunk over and over, and neither made nor read (`file-window.ts`).
 */
import { createCutter } from "@bcat/chunker";
import { DATA, TREE } from "@bcat/pack";
import type { WriteSession } from "@bcat/repository";
import type { ContentPiece } from "../archive/tar-reader.js";
import { FileWindow } from "../backup/contents/file-window.js";
import { ChunkListWriter } from "../tree/list-writer.js";
import type { ChunkReference, Content } from "../tree/node.js";

export class ImportedContents {
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

  /** @param breathe called with the bytes of every piece */
  async read(pieces: AsyncIterable<ContentPiece>, breathe: (bytes: number) => Promise<void>): Promise<Content> {
    this.#list = undefined;
    this.#window.start({
      chunk: (bytes) => this.#add({ id: this.#session.store(DATA, bytes).slice(), length: bytes.length }),
      repeat: (times) => {
        for (let i = 0; i < times; i++) this.#add(this.#last!);
      },
      restart: () => {},
    });
    for await (const piece of pieces) {
      if (typeof piece === "number") for (const bytes of this.#window.hole(piece)) await breathe(bytes);
      else {
        this.#put(piece);
        await breathe(piece.length);
      }
    }
    const inline = this.#window.finish();
    return inline === undefined ? this.#list!.finish() : { kind: "inline", bytes: inline.slice() };
  }

  #put(bytes: Uint8Array): void {
    for (let start = 0; start < bytes.length; ) {
      const { space } = this.#window;
      const length = Math.min(space.length, bytes.length - start);
      space.set(bytes.subarray(start, start + length));
      this.#window.advance(length);
      start += length;
    }
  }

  #add(chunk: ChunkReference): void {
    this.#list ??= new ChunkListWriter((bytes) => this.#session.store(TREE, bytes));
    this.#list.add(chunk);
    this.#last = chunk;
  }
}
