/**
 * Which chunks of the index are live, and which of these several runs have: two bits for each entry. Those of the first
 * entry of a chunk, in the first run that has it, stand for the chunk. Good as long as the runs of the index stay what
 * they are.
 */
import { type BlobKind, type ChosenEntries, type ChunkIndex, DATA, type Segment, TREE } from "@bcat/pack";

/** What marking a chunk has met. */
export type Marked = "new" | "known" | "missing";

export class LiveMarks {
  readonly #runs: Readonly<Record<BlobKind, readonly ChosenEntries[]>>;

  constructor(index: ChunkIndex) {
    const runsOf = (kind: BlobKind) =>
      index.segments(kind).map((segment) => {
        const size = Math.ceil(segment.counts.entryCount / 8);
        return { segment, bits: new Uint8Array(size), several: new Uint8Array(size) };
      });
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
    const runs = this.#runs[kind];
    for (let index = 0; index < runs.length; index++) {
      const { segment, bits, several } = runs[index]!;
      const entry = segment.firstEntryOf(id);
      if (entry < 0) continue;
      const bit = 1 << (entry & 7);
      if ((bits[entry >>> 3]! & bit) !== 0) return "known";
      bits[entry >>> 3]! |= bit;
      if (hasBehind(runs, index, id)) several[entry >>> 3]! |= bit;
      return "new";
    }
    return "missing";
  }
}

/** True when a run behind that of `index` has the chunk, too. */
function hasBehind(runs: readonly ChosenEntries[], index: number, id: Uint8Array): boolean {
  for (let behind = index + 1; behind < runs.length; behind++) {
    if (runs[behind]!.segment.firstEntryOf(id) >= 0) return true;
  }
  return false;
}
