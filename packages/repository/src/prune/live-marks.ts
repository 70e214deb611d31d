/**
 * Which chunks of the index are live: a bit for each entry. The bit of the first entry of a chunk, in the first run that
 * has it, stands for the chunk. Good as long as the runs of the index stay what they are.
 */
import { type BlobKind, type ChosenEntries, type ChunkIndex, DATA, type Segment, TREE } from "@bcat/pack";

/** What marking a chunk has met. */
export type Marked = "new" | "known" | "missing";

export class LiveMarks {
  readonly #runs: Readonly<Record<BlobKind, readonly ChosenEntries[]>>;

  constructor(index: ChunkIndex) {
    const runsOf = (kind: BlobKind) =>
      index
        .segments(kind)
        .map((segment) => ({ segment, bits: new Uint8Array(Math.ceil(segment.counts.entryCount / 8)) }));
    this.#runs = { [DATA]: runsOf(DATA), [TREE]: runsOf(TREE) };
  }

  /** The runs of a kind, in the order in which scans count them, and what of them is live. */
  runs(kind: BlobKind): readonly ChosenEntries[] {
    return this.#runs[kind];
  }

  /** As {@link runs}, without marks. */
  segments(kind: BlobKind): Segment[] {
    return this.#runs[kind].map(({ segment }) => segment);
  }

  /** Marks the chunk whose id begins with the 16 bytes of `id`; one that no run has cannot be. */
  mark(kind: BlobKind, id: Uint8Array): Marked {
    for (const { segment, bits } of this.#runs[kind]) {
      const entry = segment.firstEntryOf(id);
      if (entry < 0) continue;
      const bit = 1 << (entry & 7);
      if ((bits[entry >>> 3]! & bit) !== 0) return "known";
      bits[entry >>> 3]! |= bit;
      return "new";
    }
    return "missing";
  }
}
