/** Chunks go in, packs come out, in one thread: a builder of frames, and what lays them down. */

import type { PackContext } from "./context.js";
import { FrameBuilder, type FrameBuilderOptions } from "./frame-builder.js";
import { FRAME_TARGET_SIZE } from "./frame-group.js";
import { PackAssembler, type PackAssemblerOptions } from "./pack-assembler.js";
import { FRAME_OVERHEAD } from "./tables.js";

export type PackWriterOptions = Omit<FrameBuilderOptions, "onGroup"> & PackAssemblerOptions;

/** Writes the packs of one kind in one session. Not re-entrant; all calls are synchronous. */
export class PackWriter {
  readonly #targetSize: number;
  readonly #builder: FrameBuilder;
  readonly #assembler: PackAssembler;

  constructor(context: PackContext, options: PackWriterOptions) {
    this.#targetSize = options.targetSize;
    this.#assembler = new PackAssembler(context, options);
    this.#builder = new FrameBuilder(context, { ...options, onGroup: (group) => this.#assembler.add(group) });
  }

  /** Bytes in the pack that is being filled. */
  get openSize(): number {
    return this.#assembler.openSize + this.#builder.openSize;
  }

  /** Adds a chunk (its 32-byte id and its bytes, copied or sealed before the call returns). */
  add(id: Uint8Array, bytes: Uint8Array): void {
    if (!this.#hasRoom(bytes.length)) this.finish();
    this.#builder.add(id, bytes);
    if (this.openSize >= this.#targetSize) this.finish();
  }

  /** Closes the open pack, if there is one. What was added lies in it or in one before. */
  finish(): void {
    this.#builder.flush();
    this.#assembler.finish();
  }

  /** A pack is finished here and not by the assembler, so that no chunk is left behind in the shared frame. */
  #hasRoom(length: number): boolean {
    const frameCount = 2 + Math.ceil(length / FRAME_TARGET_SIZE);
    const overhead = frameCount * FRAME_OVERHEAD;
    if (this.openSize + length + overhead >= this.#targetSize) this.#builder.flush();
    const plainLength = this.#builder.openSize + length;
    const chunkCount = this.#builder.openCount + 1;
    return this.#assembler.hasRoom({ frameCount, chunkCount, storedLength: plainLength + overhead, plainLength });
  }
}
