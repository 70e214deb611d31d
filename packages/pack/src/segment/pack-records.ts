/** Decoded pack records, least recently used first out: chunks that are read together lie in the same few packs. */
import type { PackRecord } from "./pack-record.js";
import type { Segment } from "./segment.js";

/** Frames of all records kept; one takes 36 bytes, and 250 once its object has been asked for. */
const FRAMES_KEPT_MAX = 65_536;

export class PackRecords {
  /** Of each segment, by ordinal. */
  readonly #records = new Map<Segment, Map<number, PackRecord>>();
  /** All of them, least recently used first. */
  readonly #recent = new Map<PackRecord, { segment: Segment; ordinal: number }>();
  #frames = 0;

  /** The record of pack `ordinal` of `segment`. @throws CorruptError naming the segment */
  get(segment: Segment, ordinal: number): PackRecord {
    const known = this.#records.get(segment)?.get(ordinal);
    if (known !== undefined) {
      const place = this.#recent.get(known)!;
      this.#recent.delete(known);
      this.#recent.set(known, place);
      return known;
    }
    const record = segment.packRecord(ordinal);
    this.#keep(record, segment, ordinal);
    return record;
  }

  /** Forgets the records of a segment. */
  drop(segment: Segment): void {
    for (const record of this.#records.get(segment)?.values() ?? []) this.#forget(record);
  }

  #keep(record: PackRecord, segment: Segment, ordinal: number): void {
    const ofSegment = this.#records.get(segment);
    if (ofSegment === undefined) this.#records.set(segment, new Map([[ordinal, record]]));
    else ofSegment.set(ordinal, record);
    this.#recent.set(record, { segment, ordinal });
    this.#frames += record.table.length;
    for (const oldest of this.#recent.keys()) {
      if (this.#frames <= FRAMES_KEPT_MAX || oldest === record) return;
      this.#forget(oldest);
    }
  }

  #forget(record: PackRecord): void {
    const { segment, ordinal } = this.#recent.get(record)!;
    this.#recent.delete(record);
    this.#frames -= record.table.length;
    const ofSegment = this.#records.get(segment)!;
    ofSegment.delete(ordinal);
    if (ofSegment.size === 0) this.#records.delete(segment);
  }
}
