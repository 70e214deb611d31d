/** What chunks take as stored, whatever order they come in. */
import { type FrameTable, storedShare } from "@bcat/pack";
import type { PackTable } from "./pack-table.js";

/** Frames of the tables in memory, 36 bytes each: those of about 1 TB. Of chunks in other packs the size is estimated. */
const FRAMES_MAX = 2 ** 21;

export class StoredSizes {
  readonly #packs: PackTable;
  readonly #tables = new Map<number, FrameTable>();
  #frames = 0;

  constructor(packs: PackTable) {
    this.#packs = packs;
  }

  /** Bytes, no whole number. @throws CorruptError naming a segment */
  of(pack: number, offset: number, length: number): number {
    const table = this.#tableOf(pack);
    if (table !== undefined) return storedShare(table, offset, length);
    return (length * this.#packs.sizes[pack]!) / Math.max(1, this.#packs.streams[pack]!);
  }

  #tableOf(pack: number): FrameTable | undefined {
    const known = this.#tables.get(pack);
    if (known !== undefined || this.#frames >= FRAMES_MAX) return known;
    const { table } = this.#packs.record(pack);
    this.#tables.set(pack, table);
    this.#frames += table.length;
    return table;
  }
}
