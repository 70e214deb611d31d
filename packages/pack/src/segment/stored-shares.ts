/**
 * What the chunks of a segment take as stored: of each frame the share that they have of its plaintext. Entries lie in
 * order of id, their packs anywhere: as many packs at a time as there is room for the frame tables of, all entries are gone
 * through once.
 */

import type { FrameTable } from "../frame-table.js";
import { readU32 } from "../read-u32.js";
import { ENTRY_SIZE, entryPageCount, LENGTH_OFFSET, PACK_OFFSET, PAGE_ENTRIES, STREAM_OFFSET } from "./layout.js";
import type { PackRecord } from "./pack-record.js";
import type { Segment } from "./segment.js";

/** Frames of the tables in memory, 36 bytes each: those of about 1 TB. */
export const FRAMES_MAX = 2 ** 21;

export interface SharesVisitor {
  /** Each pack once, before the entries of it. */
  onPack(record: PackRecord): void;
  /** An entry by its index in the segment; what it takes as stored is no whole number. */
  onEntry(entry: number, plain: number, stored: number): void;
  /** Between two pages of entries. */
  step(): Promise<void> | undefined;
}

/** @throws CorruptError naming the segment; what the visitor throws */
export async function visitStoredShares(
  segment: Segment,
  visitor: SharesVisitor,
  framesMax = FRAMES_MAX,
): Promise<void> {
  const { packCount } = segment.counts;
  for (let first = 0; first < packCount; ) {
    const tables: FrameTable[] = [];
    for (let frames = 0; first + tables.length < packCount && frames < framesMax; ) {
      const record = segment.packRecord(first + tables.length);
      visitor.onPack(record);
      tables.push(record.table);
      frames += record.table.length;
    }
    await visitEntries(segment, { first, tables }, visitor);
    first += tables.length;
  }
}

/** The entries of `tables.length` packs from `first` on. */
async function visitEntries(
  segment: Segment,
  { first, tables }: { readonly first: number; readonly tables: readonly FrameTable[] },
  visitor: SharesVisitor,
): Promise<void> {
  const memory = new Uint8Array(PAGE_ENTRIES * ENTRY_SIZE);
  for (let index = 0; index < entryPageCount(segment.counts); index++) {
    const page = segment.readEntryPage(index, memory);
    for (let at = 0; at < page.length; at += ENTRY_SIZE) {
      const table = tables[readU32(page, at + PACK_OFFSET) - first];
      if (table === undefined) continue;
      const length = readU32(page, at + LENGTH_OFFSET);
      const stored = storedShare(table, readU32(page, at + STREAM_OFFSET), length);
      visitor.onEntry(index * PAGE_ENTRIES + at / ENTRY_SIZE, length, stored);
    }
    const waiting = visitor.step();
    if (waiting !== undefined) await waiting;
  }
}

/** Of `length` bytes of a stream from `offset` on; what lies behind its end takes nothing. */
export function storedShare(table: FrameTable, offset: number, length: number): number {
  let stored = 0;
  const end = Math.min(offset + length, table.streamSize);
  for (let frame = table.find(offset), at = offset; frame >= 0 && at < end; frame++) {
    const start = table.plainOffset(frame);
    const frameEnd = frame + 1 === table.length ? table.streamSize : table.plainOffset(frame + 1);
    const size = table.storedEnd(frame) - table.storedOffset(frame);
    stored += (size * (Math.min(end, frameEnd) - at)) / (frameEnd - start);
    at = frameEnd;
  }
  return stored;
}
