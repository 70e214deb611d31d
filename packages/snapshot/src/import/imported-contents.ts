/** Contents of an archive, one after another, as chunks. */
import type { WriteSession } from "@bcat/repository";
import type { ContentPiece } from "../archive/tar-reader.js";
import { ContentCutter } from "../content-cutter.js";
import type { Content } from "../tree/node.js";

export class ImportedContents {
  readonly #cutter: ContentCutter;

  constructor(session: WriteSession) {
    this.#cutter = new ContentCutter(session);
  }

  /** @param breathe called with the bytes of every piece */
  async read(pieces: AsyncIterable<ContentPiece>, breathe: (bytes: number) => Promise<void>): Promise<Content> {
    this.#cutter.start();
    for await (const piece of pieces) {
      if (typeof piece === "number") for (const bytes of this.#cutter.hole(piece)) await breathe(bytes);
      else {
        this.#cutter.put(piece);
        await breathe(piece.length);
      }
    }
    return this.#cutter.finish();
  }
}
