/** Which chunks only one of two snapshots needs, as far as what differs between them tells. */
import type { ChunkReference } from "../tree/node.js";

/** What is kept in memory, about 100 bytes each; beyond that nothing is counted any more. */
const CHUNKS_MAX = 1_000_000;
/** Bits of a value; the length stands above them. */
const LEFT = 1;
const RIGHT = 2;
const SIDES = 4;

export interface ChunkSums {
  readonly chunks: number;
  readonly bytes: number;
}

export class ChangedChunks {
  readonly #chunks = new Map<string, number>();
  readonly #inline = { left: 0, right: 0 };
  /** There are more than are counted. */
  isCut = false;

  add({ id, length }: ChunkReference, side: "left" | "right"): void {
    const key = Buffer.from(id.buffer, id.byteOffset, 16).toString("latin1");
    const known = this.#chunks.get(key);
    if (known === undefined && this.#chunks.size === CHUNKS_MAX) {
      this.isCut = true;
      return;
    }
    // At most 64 MiB long, so all of it is less than 2^31.
    this.#chunks.set(key, (known ?? length * SIDES) | (side === "left" ? LEFT : RIGHT));
  }

  /** Bytes that are no chunk: they stand in the entry itself. */
  addBytes(count: number, side: "left" | "right"): void {
    this.#inline[side] += count;
  }

  /** Those that are needed on this side, and not on the other one. */
  onlyOn(side: "left" | "right"): ChunkSums {
    const wanted = side === "left" ? LEFT : RIGHT;
    let [chunks, bytes] = [0, this.#inline[side]];
    for (const value of this.#chunks.values()) {
      if (value % SIDES !== wanted) continue;
      chunks++;
      bytes += Math.floor(value / SIDES);
    }
    return { chunks, bytes };
  }
}
