/**
 * Where the chunks of a repository are: a few segments of each kind, and the ids this run has added since the last of
 * them. "Is this new?" is answered in memory but for the filters' one false answer in 256.
 */
import { type BlobKind, DATA, TREE } from "./blob-kind.js";
import { IdSet } from "./id-set.js";
import type { PackRecord } from "./segment/pack-record.js";
import type { Segment } from "./segment/segment.js";

/** A place of a chunk, as a segment has it. */
export interface ChunkLocation {
  readonly segment: Segment;
  /** Ordinal of the pack in the segment. */
  readonly pack: number;
  readonly offset: number;
  readonly length: number;
}

/** Pack records kept decoded, by name: most chunks that are read together lie in the same few packs. */
const RECORDS_MAX = 256;

export class ChunkIndex {
  readonly #segments: Record<BlobKind, Segment[]> = { [DATA]: [], [TREE]: [] };
  /** Ids in packs that no segment names yet: one set for each pack, the last for the open one. */
  readonly #added: Record<BlobKind, IdSet[]> = { [DATA]: [new IdSet()], [TREE]: [new IdSet()] };
  readonly #condemned = new Set<string>();
  readonly #records = new Map<string, PackRecord>();

  segments(kind: BlobKind): readonly Segment[] {
    return this.#segments[kind];
  }

  addSegment(segment: Segment): void {
    this.#segments[segment.counts.kind].push(segment);
  }

  removeSegment(segment: Segment): void {
    const kind = segment.counts.kind;
    this.#segments[kind] = this.#segments[kind].filter((other) => other !== segment);
  }

  /** Declares that a pack (by its object name) may never again be used as a location by a writer. */
  condemn(pack: string): void {
    this.#condemned.add(pack);
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
    for (const segment of this.#segments[kind]) {
      for (const entry of segment.find(id)) {
        if (this.#condemned.size === 0 || !this.#condemned.has(this.record(segment, entry.pack).name)) return true;
      }
    }
    return false;
  }

  /** All places of the chunk, those in condemned packs last. */
  locate(kind: BlobKind, id: Uint8Array): ChunkLocation[] {
    const sound: ChunkLocation[] = [];
    const condemned: ChunkLocation[] = [];
    for (const segment of this.#segments[kind]) {
      for (const entry of segment.find(id)) {
        const isCondemned = this.#condemned.has(this.record(segment, entry.pack).name);
        (isCondemned ? condemned : sound).push({ segment, ...entry });
      }
    }
    return [...sound, ...condemned];
  }

  /** The record of a pack; the last 256 stay decoded. */
  record(segment: Segment, pack: number): PackRecord {
    const key = `${segment.name}/${pack}`;
    let record = this.#records.get(key);
    if (record === undefined) {
      record = segment.packRecord(pack);
      if (this.#records.size >= RECORDS_MAX) this.#records.delete(this.#records.keys().next().value!);
      this.#records.set(key, record);
    }
    return record;
  }
}
