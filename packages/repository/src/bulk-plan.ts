/**
 * Where wanted chunks lie and which gets bring them. What is known of each chunk stands in columns, by its index among
 * the wanted ones: a plan has tens of thousands, and no object for any.
 */
import { isBcatError } from "@bcat/errors";
import { type BlobKind, type PackRecord, spanOf } from "@bcat/pack";
import { type KnownChunks, missingChunk } from "./chunk-reader.js";

/** Bytes of a pack that are read for nothing rather than with another get. */
const GAP_MAX = 256 * 1024;
/** Bytes of one get, unless a single chunk takes more. */
const RANGE_SIZE_MAX = 4 * 2 ** 20;
/** Chunks of one plan: an offset in a stream and an index must fit 53 bits together. */
const WANTED_MAX = 2 ** 22;

/** The chunks wanted, in columns: 32 bytes of id each. */
export interface WantedChunks {
  readonly kind: BlobKind;
  readonly count: number;
  readonly ids: Uint8Array;
}

/** Wanted chunks of one pack that one get brings. */
export interface Range {
  readonly record: PackRecord;
  /** Positions in {@link BulkPlan.order}: from `start` to before `end`. */
  readonly start: number;
  end: number;
  /** Frames of the pack. */
  readonly first: number;
  last: number;
}

export class BulkPlan {
  readonly ranges: Range[] = [];
  /** Indexes of the chunks that can be read, as they lie: by pack, then by offset. */
  readonly order: Uint32Array;
  /** Of the chunk in the stream of its pack. */
  readonly offsets: Uint32Array;
  readonly lengths: Uint32Array;
  /** Frames that hold the chunk. */
  readonly firsts: Uint32Array;
  readonly lasts: Uint32Array;

  constructor(count: number) {
    if (count > WANTED_MAX) throw new RangeError(`Cannot plan to read ${count} chunks: at most ${WANTED_MAX}`);
    this.order = new Uint32Array(count);
    this.offsets = new Uint32Array(count);
    this.lengths = new Uint32Array(count);
    this.firsts = new Uint32Array(count);
    this.lasts = new Uint32Array(count);
  }
}

interface PlannedPack {
  readonly record: PackRecord;
  readonly indexes: number[];
}

/** Looks all wanted chunks up; those that are nowhere go to `onFailure`. */
export function planReads(
  state: KnownChunks,
  wanted: WantedChunks,
  onFailure: (index: number, error: Error) => void,
): BulkPlan {
  const plan = new BulkPlan(wanted.count);
  const packs = new Map<string, PlannedPack>();
  let last: PlannedPack | undefined;
  for (let index = 0; index < wanted.count; index++) {
    const id = wanted.ids.subarray(index * 32, index * 32 + 32);
    try {
      const location = state.index.locate(wanted.kind, id)[0];
      if (location === undefined) throw missingChunk(id, state);
      const span = spanOf(location.pack, location, location.pack.name);
      plan.offsets[index] = span.offset;
      plan.lengths[index] = span.length;
      plan.firsts[index] = span.first;
      plan.lasts[index] = span.last;
      if (last?.record !== location.pack) last = packOf(packs, location.pack);
      last.indexes.push(index);
    } catch (error) {
      if (!isBcatError(error, "corrupt")) throw error;
      onFailure(index, error);
    }
  }
  let start = 0;
  for (const pack of packs.values()) start = cutRanges(plan, pack, start);
  return plan;
}

function packOf(packs: Map<string, PlannedPack>, record: PackRecord): PlannedPack {
  let pack = packs.get(record.name);
  if (pack === undefined) {
    pack = { record, indexes: [] };
    packs.set(record.name, pack);
  }
  return pack;
}

/** Puts the chunks of a pack into the order, from `start` on, and returns the position behind them. */
function cutRanges(plan: BulkPlan, { record, indexes }: PlannedPack, start: number): number {
  sortByOffset(plan.offsets, indexes);
  let range: Range | undefined;
  let position = start;
  for (const index of indexes) {
    plan.order[position] = index;
    const first = plan.firsts[index]!;
    const last = plan.lasts[index]!;
    if (range !== undefined && isNear(record, range, { first, last })) {
      range.last = Math.max(range.last, last);
      range.end = ++position;
    } else {
      range = { record, start: position, end: ++position, first, last };
      plan.ranges.push(range);
    }
  }
  return position;
}

function isNear(record: PackRecord, range: Range, { first, last }: { first: number; last: number }): boolean {
  const { table } = record;
  const gap = table.storedOffset(first) - table.storedEnd(range.last);
  return gap <= GAP_MAX && table.storedEnd(last) - table.storedOffset(range.first) <= RANGE_SIZE_MAX;
}

/** Bytes that the longest range takes. */
export function longestRange(ranges: readonly Range[]): number {
  return ranges.reduce((longest, range) => Math.max(longest, lengthOf(range)), 0);
}

/** Bytes of the pack that a range takes. */
export function lengthOf({ record, first, last }: Range): number {
  return record.table.storedEnd(last) - record.table.storedOffset(first);
}

/** In place. What was backed up in one run is in order already. */
function sortByOffset(offsets: Uint32Array, indexes: number[]): void {
  if (indexes.every((index, i) => i === 0 || offsets[indexes[i - 1]!]! <= offsets[index]!)) return;
  const keys = Float64Array.from(indexes, (index) => offsets[index]! * WANTED_MAX + index).sort();
  for (const [i, key] of keys.entries()) indexes[i] = key % WANTED_MAX;
}
