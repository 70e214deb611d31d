/** Merges segments into one, entry by entry: memory is one page of each, whatever their size. */
import type { PackContext } from "../context.js";
import { compareIds, ENTRY_SIZE, entryPageCount } from "./layout.js";
import type { Segment } from "./segment.js";
import { SegmentWriter } from "./segment-writer.js";

/** Walks the entries of a segment in order; `base` is added to its pack ordinals. */
class Cursor {
  readonly #segment: Segment;
  readonly #base: number;
  readonly #entry = new Uint8Array(ENTRY_SIZE);
  #page: Uint8Array;
  #pageIndex = 0;
  offset = 0;
  done = false;

  constructor(segment: Segment, base: number) {
    this.#segment = segment;
    this.#base = base;
    this.#page = segment.entryPage(0);
  }

  get page(): Uint8Array {
    return this.#page;
  }

  /** The entry under the cursor with its pack ordinal moved; valid until the next call. */
  take(): Uint8Array {
    this.#entry.set(this.#page.subarray(this.offset, this.offset + ENTRY_SIZE));
    const view = new DataView(this.#entry.buffer);
    view.setUint32(16, view.getUint32(16, true) + this.#base, true);
    this.offset += ENTRY_SIZE;
    if (this.offset === this.#page.length) this.#nextPage();
    return this.#entry;
  }

  #nextPage(): void {
    this.#pageIndex++;
    if (this.#pageIndex === entryPageCount(this.#segment.counts)) {
      this.done = true;
      return;
    }
    this.#page = this.#segment.entryPage(this.#pageIndex);
    this.offset = 0;
  }
}

/** Writes the union of `segments` (all of one kind) under `name` to `sink`, and returns its size in bytes. */
export function mergeSegments(
  context: PackContext,
  segments: readonly Segment[],
  target: { name: string; epoch: number; domain: number; sink: (piece: Uint8Array) => void },
): number {
  const kind = segments[0]!.counts.kind;
  const writer = new SegmentWriter(context, { ...target, kind });
  let base = 0;
  let cursors = segments.map((segment) => {
    const cursor = new Cursor(segment, base);
    base += segment.counts.packCount;
    return cursor;
  });
  while (cursors.length > 0) {
    let least = cursors[0]!;
    for (const cursor of cursors) {
      if (compareIds(cursor.page, cursor.offset, least.page, least.offset) < 0) least = cursor;
    }
    writer.addEntry(least.take());
    if (least.done) cursors = cursors.filter((cursor) => cursor !== least);
  }
  for (const segment of segments) {
    for (let i = 0; i < segment.counts.packCount; i++) writer.addPackRecord(segment.packRecordBytes(i));
  }
  return writer.finish();
}
