/**
 * Numbers the chunks of an index from 0 on, so that what is found out about each stands in columns: the number of a chunk
 * is the place of its entry among those of all segments. Of several entries, the first that a reader would use counts.
 */
import { type BlobKind, DATA, TREE } from "./blob-kind.js";
import type { ChunkIndex } from "./chunk-index.js";
import type { CondemnedMarks } from "./segment/condemned-marks.js";
import type { Segment } from "./segment/segment.js";
import { visitStoredShares } from "./segment/stored-shares.js";

const KINDS = [DATA, TREE] as const;

interface NumberedSegment {
  readonly segment: Segment;
  /** Number of its first entry. */
  readonly base: number;
  /** Undefined when no pack of the index is condemned. */
  readonly marks: CondemnedMarks | undefined;
}

export interface NumbersVisitor {
  /** @param pack bytes of the object, and of its frames */
  onPack(
    kind: BlobKind,
    pack: { readonly name: string; readonly size: number; readonly stored: number; readonly isCondemned: boolean },
  ): void;
  /** A numbered entry; what it takes as stored is no whole number. */
  onChunk(kind: BlobKind, number: number, sizes: { readonly plain: number; readonly stored: number }): void;
  /** Now and then. */
  step(): Promise<void> | undefined;
}

export class ChunkNumbers {
  /** All numbers are below it. */
  readonly count: number;
  readonly #index: ChunkIndex;
  readonly #segments: Record<BlobKind, NumberedSegment[]> = { [DATA]: [], [TREE]: [] };

  /** Good for as long as no segment is added to the index, or removed. */
  constructor(index: ChunkIndex) {
    this.#index = index;
    let count = 0;
    for (const kind of KINDS) {
      for (const segment of index.segments(kind)) {
        this.#segments[kind].push({ segment, base: count, marks: index.marksOf(segment) });
        count += segment.counts.entryCount;
      }
    }
    this.count = count;
  }

  /** The number of a chunk, or -1 for one that the index does not know. @throws CorruptError naming a segment */
  of(kind: BlobKind, id: Uint8Array): number {
    for (const { segment, base, marks } of this.#segments[kind]) {
      const entry = segment.findEntry(id, marks);
      if (entry >= 0) return base + entry;
    }
    if (!this.#index.hasCondemned) return -1;
    for (const { segment, base } of this.#segments[kind]) {
      const entry = segment.findEntry(id);
      if (entry >= 0) return base + entry;
    }
    return -1;
  }

  /** Goes through all packs and entries. Memory: the frame tables of about 1 TB of packs, and 100 bytes a pack. */
  async visit(visitor: NumbersVisitor): Promise<void> {
    const sizes = { plain: 0, stored: 0 };
    for (const kind of KINDS) {
      const seen = new Set<string>();
      for (const { segment, base } of this.#segments[kind]) {
        await visitStoredShares(segment, {
          onPack: ({ name, size, table }) => {
            if (seen.has(name)) return;
            seen.add(name);
            visitor.onPack(kind, { name, size, stored: table.storedSize, isCondemned: this.#index.isCondemned(name) });
          },
          onEntry: (entry, plain, stored) => {
            sizes.plain = plain;
            sizes.stored = stored;
            visitor.onChunk(kind, base + entry, sizes);
          },
          step: () => visitor.step(),
        });
      }
    }
  }
}
