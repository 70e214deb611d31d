/**
 * Where the chunks of a repository are: a few segments of each kind, and the ids this run has added since the last of
 * them. "Is this new?" is answered in memory but for the filters' one false answer in 256.
 */
import { type BlobKind, DATA, TREE } from "./blob-kind.js";
import { IdSet } from "./id-set.js";
import { CondemnedMarks } from "./segment/condemned-marks.js";
import type { PackRecord } from "./segment/pack-record.js";
import type { Segment } from "./segment/segment.js";

/** A place of a chunk: its pack, and where it lies in the stream of the pack. */
export interface ChunkLocation {
  readonly pack: PackRecord;
  readonly offset: number;
  readonly length: number;
  /** No writer may refer to it, and it may be gone. */
  readonly isCondemned: boolean;
}

/** Pack records kept decoded: most chunks that are read together lie in the same few packs. */
const RECORDS_MAX = 256;

/** A segment, and what this index knows of its packs. */
interface Run {
  readonly segment: Segment;
  /** Undefined until a chunk is found and some pack is condemned. */
  marks: CondemnedMarks | undefined;
  /** The decoded records, by ordinal. */
  readonly records: Map<number, PackRecord>;
}

export class ChunkIndex {
  readonly #runs: Record<BlobKind, Run[]> = { [DATA]: [], [TREE]: [] };
  /** Ids in packs that no segment names yet: one set for each pack, the last for the open one. */
  readonly #added: Record<BlobKind, IdSet[]> = { [DATA]: [new IdSet()], [TREE]: [new IdSet()] };
  readonly #condemned = new Set<string>();
  /** The records kept decoded, least recently used first. */
  readonly #recent = new Map<PackRecord, { run: Run; ordinal: number }>();

  segments(kind: BlobKind): readonly Segment[] {
    return this.#runs[kind].map((run) => run.segment);
  }

  addSegment(segment: Segment): void {
    this.#runs[segment.counts.kind].push({ segment, marks: undefined, records: new Map() });
  }

  removeSegment(segment: Segment): void {
    const { kind } = segment.counts;
    for (const [record, { run }] of this.#recent) if (run.segment === segment) this.#recent.delete(record);
    this.#runs[kind] = this.#runs[kind].filter((run) => run.segment !== segment);
  }

  /** Declares that a pack (by its object name) may never again be used as a location by a writer. */
  condemn(pack: string): void {
    if (this.#condemned.has(pack)) return;
    this.#condemned.add(pack);
    for (const kind of [DATA, TREE] as const) for (const run of this.#runs[kind]) run.marks = undefined;
  }

  isCondemned(pack: string): boolean {
    return this.#condemned.has(pack);
  }

  /** Notes a chunk of the open pack. */
  noteAdded(kind: BlobKind, id: Uint8Array): void {
    this.#added[kind].at(-1)!.add(id);
  }

  /** The chunks noted since the last call: those of a pack that has closed. They stay noted until {@link dropAdded}. */
  sealAdded(kind: BlobKind): IdSet {
    const sealed = this.#added[kind].at(-1)!;
    this.#added[kind].push(new IdSet());
    return sealed;
  }

  /** Forgets noted chunks: a segment that has them has been added. */
  dropAdded(kind: BlobKind, sealed: IdSet): void {
    this.#added[kind] = this.#added[kind].filter((set) => set !== sealed);
  }

  /** Forgets all noted chunks: what they are in was not committed. */
  clearAdded(kind: BlobKind): void {
    this.#added[kind] = [new IdSet()];
  }

  /** True when a writer may refer to the chunk: this run has stored it, or it lies in a pack that is not condemned. */
  has(kind: BlobKind, id: Uint8Array): boolean {
    for (const set of this.#added[kind]) if (set.has(id)) return true;
    for (const run of this.#runs[kind]) {
      for (const { pack } of run.segment.find(id)) if (!this.#isCondemned(run, pack)) return true;
    }
    return false;
  }

  /** All places of the chunk, those in condemned packs last. @throws CorruptError naming a segment */
  locate(kind: BlobKind, id: Uint8Array): ChunkLocation[] {
    const sound: ChunkLocation[] = [];
    const condemned: ChunkLocation[] = [];
    for (const run of this.#runs[kind]) {
      for (const { pack: ordinal, offset, length } of run.segment.find(id)) {
        const isCondemned = this.#isCondemned(run, ordinal);
        (isCondemned ? condemned : sound).push({ pack: this.#record(run, ordinal), offset, length, isCondemned });
      }
    }
    return [...sound, ...condemned];
  }

  #isCondemned(run: Run, ordinal: number): boolean {
    if (this.#condemned.size === 0) return false;
    run.marks ??= new CondemnedMarks(run.segment, this.#condemned);
    return run.marks.has(ordinal);
  }

  #record(run: Run, ordinal: number): PackRecord {
    let record = run.records.get(ordinal);
    if (record === undefined) {
      record = run.segment.packRecord(ordinal);
      run.records.set(ordinal, record);
      if (this.#recent.size >= RECORDS_MAX) this.#forgetOldest();
    } else this.#recent.delete(record);
    this.#recent.set(record, { run, ordinal });
    return record;
  }

  #forgetOldest(): void {
    for (const [record, { run, ordinal }] of this.#recent) {
      this.#recent.delete(record);
      run.records.delete(ordinal);
      return;
    }
  }
}
