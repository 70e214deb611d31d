/** Puts the content of one file together from its chunks, as it will stand in its node (docs/format.md section 12.3). */
import { encodeContent } from "../../tree/content.js";
import { ChunkListWriter, type StoreTree } from "../../tree/list-writer.js";

export class ContentBuilder {
  readonly #storeTree: StoreTree;
  #list: ChunkListWriter | undefined;

  constructor(storeTree: StoreTree) {
    this.#storeTree = storeTree;
  }

  /** Adds the next chunk; its id is copied. */
  add(id: Uint8Array, length: number): void {
    this.#list ??= new ChunkListWriter(this.#storeTree);
    this.#list.add({ id: id.slice(), length });
  }

  restart(): void {
    this.#list = undefined;
  }

  /** The encoded content: `inline`, when that is all of it, or that of the chunks added. Ready for the next file then. */
  finish(inline: Uint8Array | undefined): Uint8Array {
    const content = inline === undefined ? this.#list!.finish() : ({ kind: "inline", bytes: inline } as const);
    this.restart();
    return encodeContent(content);
  }
}
