/** Merges segments into one, entry by entry: memory is one page of each, whatever their size. */
import type { PackContext } from "../context.js";
import { readU32 } from "../read-u32.js";
import { writeU32 } from "../write-u32.js";
import {
  compareEntries,
  compareIds,
  copyEntry,
  ENTRY_PAGE_SIZE,
  ENTRY_SIZE,
  entryPageCount,
  PACK_OFFSET,
} from "./layout.js";
import type { Segment } from "./segment.js";
import { SegmentWriter, type SegmentWriterOptions } from "./segment-writer.js";

/** What the fields of a footer can count. */
const COUNT_MAX = 2 ** 32 - 1;
/** Ordinal of a pack that is left out. */
const OMITTED = COUNT_MAX;

/** True when the union of `segments` is surely not too large for the fields of one footer. */
export function canMerge(segments: readonly Segment[]): boolean {
  const sum = (field: "entryCount" | "packBytes") =>
    segments.reduce((total, segment) => total + segment.counts[field], 0);
  return sum("entryCount") <= COUNT_MAX && sum("packBytes") <= COUNT_MAX;
}

/** @see mergeSegments */
export interface MergeOptions extends Omit<SegmentWriterOptions, "kind"> {
  /** Object names of packs that are left out, and their chunks with them. */
  readonly omitted?: { has(pack: string): boolean };
}

/** Object names of the packs in the union of `segments` but for those of `omitted`, each once. */
export function packsOfMerged(segments: readonly Segment[], omitted: MergeOptions["omitted"]): Set<string> {
  const names = new Set<string>();
  for (const segment of segments) {
    for (let ordinal = 0; ordinal < segment.counts.packCount; ordinal++) names.add(segment.packName(ordinal));
  }
  for (const name of names) if (omitted?.has(name) === true) names.delete(name);
  return names;
}

/**
 * Writes the union of `segments` (all of one kind) under `name` to `sink`, and returns its size in bytes. A pack that
 * several of them name is there once, and so are its chunks. Some pack must be left: see {@link packsOfMerged}.
 *
 * @throws RangeError, before anything is written, when they are too large together: see {@link canMerge}
 */
export function mergeSegments(context: PackContext, segments: readonly Segment[], target: MergeOptions): number {
  if (!canMerge(segments)) throw new RangeError(`Cannot merge ${segments.length} segments: they are too large for one`);
  const writer = new SegmentWriter(context, { ...target, kind: segments[0]!.counts.kind });
  const packs = unitePacks(context, segments, target.omitted);
  const heap = segments.map((segment, i) => new Cursor(segment, packs.ordinals[i]!)).sort(compareCursors);
  const places = new Places();
  for (let least = heap[0]; least !== undefined; least = heap[0]) {
    if (!places.hasId(least)) places.flush(writer);
    places.push(least);
    if (!least.advance()) {
      const last = heap.pop()!;
      if (last === least) continue;
      heap[0] = last;
    }
    siftDown(heap);
  }
  places.flush(writer);
  for (const { segment, ordinal } of packs.records) writer.addPackRecord(segment.packRecordBytes(ordinal));
  return writer.finish();
}

/** The packs of the union in order of appearance, and the ordinals there of the packs of each segment. */
interface UnitedPacks {
  readonly records: readonly { readonly segment: Segment; readonly ordinal: number }[];
  readonly ordinals: readonly Uint32Array[];
}

/** Packs are one when their records are the same bytes: of two that differ, one would make the other unreadable. */
function unitePacks(
  { blake3 }: PackContext,
  segments: readonly Segment[],
  omitted: MergeOptions["omitted"],
): UnitedPacks {
  const records: { segment: Segment; ordinal: number }[] = [];
  const known = new Map<string, number>();
  const ordinals = segments.map((segment) =>
    Uint32Array.from({ length: segment.counts.packCount }, (_, ordinal) => {
      if (omitted?.has(segment.packName(ordinal)) === true) return OMITTED;
      const key = Buffer.from(blake3.hash(segment.packRecordBytes(ordinal))).toString("latin1");
      const united = known.get(key) ?? records.length;
      if (united === records.length) {
        known.set(key, united);
        records.push({ segment, ordinal });
      }
      return united;
    }),
  );
  return { records, ordinals };
}

/** Walks the entries of a segment in order, on a page of its own. */
class Cursor {
  readonly #segment: Segment;
  readonly #memory = new Uint8Array(ENTRY_PAGE_SIZE);
  /** Of the packs of the segment, in the union. */
  readonly ordinals: Uint32Array;
  #pageIndex = 0;
  page: Uint8Array;
  offset = 0;

  constructor(segment: Segment, ordinals: Uint32Array) {
    this.#segment = segment;
    this.ordinals = ordinals;
    this.page = segment.readEntryPage(0, this.#memory);
  }

  /** Goes to the next entry; false when there is none. */
  advance(): boolean {
    this.offset += ENTRY_SIZE;
    if (this.offset < this.page.length) return true;
    if (++this.#pageIndex === entryPageCount(this.#segment.counts)) return false;
    this.page = this.#segment.readEntryPage(this.#pageIndex, this.#memory);
    this.offset = 0;
    return true;
  }
}

function compareCursors(a: Cursor, b: Cursor): number {
  return compareIds(a.page, a.offset, b.page, b.offset);
}

/** Makes a heap of one whose root alone may be out of place: no cursor is then behind those at 2i + 1 and 2i + 2. */
function siftDown(heap: Cursor[]): void {
  const moved = heap[0]!;
  let at = 0;
  for (let child = 1; child < heap.length; child = 2 * at + 1) {
    if (child + 1 < heap.length && compareCursors(heap[child + 1]!, heap[child]!) < 0) child++;
    if (compareCursors(moved, heap[child]!) <= 0) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = moved;
}

/** The entries of one id, which segments may have in different orders, since the ordinals of their packs change. */
class Places {
  #bytes = new Uint8Array(4 * ENTRY_SIZE);
  #length = 0;

  hasId({ page, offset }: Cursor): boolean {
    return this.#length === 0 || compareIds(this.#bytes, 0, page, offset) === 0;
  }

  /** Takes the entry under the cursor, with its ordinal in the union. One that names no pack is no place. */
  push({ page, offset, ordinals }: Cursor): void {
    const ordinal = ordinals[readU32(page, offset + PACK_OFFSET)];
    if (ordinal === undefined || ordinal === OMITTED) return;
    if (this.#length === this.#bytes.length) {
      const larger = new Uint8Array(2 * this.#length);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    copyEntry(page, offset, this.#bytes, this.#length);
    writeU32(this.#bytes, this.#length + PACK_OFFSET, ordinal);
    this.#length += ENTRY_SIZE;
  }

  /** Writes each place once, in order of pack and offset, and forgets them. */
  flush(writer: SegmentWriter): void {
    const bytes = this.#bytes;
    const length = this.#length;
    this.#length = 0;
    if (length === 0) return;
    if (length === ENTRY_SIZE) {
      writer.addEntry(bytes);
      return;
    }
    const entries: Uint8Array[] = [];
    for (let at = 0; at < length; at += ENTRY_SIZE) entries.push(bytes.subarray(at, at + ENTRY_SIZE));
    entries.sort((a, b) => compareEntries(a, 0, b, 0));
    entries.forEach((entry, i) => {
      if (i === 0 || compareEntries(entries[i - 1]!, 0, entry, 0) !== 0) writer.addEntry(entry);
    });
  }
}
