/**
 * Copies chosen chunks of one pack. Frames in which everything was chosen go along as they are: sealed, under their own
 * keys, unopened but for a look at their tags. Of the others the chosen chunks are opened, and made into solid frames.
 */
import { isBcatError } from "@bcat/errors";
import {
  type BlobKind,
  type ChunkTable,
  FRAME_PLAIN_MAX,
  FrameOpener,
  PackFrames,
  type PackRecord,
  readSpan,
  type ScannedPlaces,
  type Span,
  spanOf,
} from "@bcat/pack";
import type { ChunkStore } from "../chunk-store.js";
import { mapAhead } from "../map-ahead.js";
import { partsOf, type Repository, type RepositoryParts } from "../repository.js";
import { type FrameUnit, groupOf, isWhole, unitsOf } from "./frame-units.js";

const ID_PREFIX_SIZE = 16;
/** Bytes read with one get, unless one chunk takes more; and between two units that are read together. */
const RANGE_MAX = 8 * 2 ** 20;
const GAP_MAX = 128 * 1024;

/** Chunks that were chosen in several packs: 24 bytes each. */
export class ChosenChunks {
  readonly #starts = new Map<number, { readonly start: number; readonly count: number; added: number }>();
  #ids = new Uint8Array(0);
  #offsets = new Uint32Array(0);
  #lengths = new Uint32Array(0);
  count = 0;

  /** To be called for each pack, then {@link allocate}. */
  reserve(pack: number, count: number): void {
    this.#starts.set(pack, { start: this.count, count, added: 0 });
    this.count += count;
  }

  allocate(): void {
    this.#ids = new Uint8Array(this.count * ID_PREFIX_SIZE);
    this.#offsets = new Uint32Array(this.count);
    this.#lengths = new Uint32Array(this.count);
  }

  /** Takes place `i`, if its pack is one of those reserved. */
  add(pack: number, places: ScannedPlaces, i: number): void {
    const reserved = this.#starts.get(pack);
    if (reserved === undefined || reserved.added === reserved.count) return;
    const at = reserved.start + reserved.added++;
    this.#ids.set(places.id, at * ID_PREFIX_SIZE);
    this.#offsets[at] = places.offsets[i]!;
    this.#lengths[at] = places.lengths[i]!;
  }

  /** The chosen chunks of a pack, by offset. */
  of(pack: number): ChunkTable {
    const { start, added } = this.#starts.get(pack)!;
    const order = Uint32Array.from({ length: added }, (_, i) => start + i);
    order.sort((a, b) => this.#offsets[a]! - this.#offsets[b]!);
    const ids = new Uint8Array(added * ID_PREFIX_SIZE);
    order.forEach((from, i) => {
      ids.set(this.#ids.subarray(from * ID_PREFIX_SIZE, (from + 1) * ID_PREFIX_SIZE), i * ID_PREFIX_SIZE);
    });
    return {
      count: added,
      ids,
      offsets: order.map((from) => this.#offsets[from]!),
      lengths: order.map((from) => this.#lengths[from]!),
    };
  }
}

/** Takes the copies. */
export type Copies = Pick<ChunkStore, "moveGroup" | "storeAgain" | "ready">;

export interface CopySource {
  readonly record: PackRecord;
  readonly kind: BlobKind;
}

/** Units that are read with one get. */
interface ReadRange {
  readonly units: FrameUnit[];
  readonly first: number;
  last: number;
}

interface FetchedRange {
  readonly range: ReadRange;
  /** Undefined when it is not all there. */
  readonly bytes: Uint8Array | undefined;
  /** Where the bytes may lie. */
  readonly memory: Uint8Array;
}

/** Memory: two ranges, and two frames. */
export class PackCopier {
  readonly #parts: RepositoryParts;
  readonly #chunks: Copies;
  readonly #opener: FrameOpener;
  readonly #plain = new Uint8Array(FRAME_PLAIN_MAX);
  /** Memory of ranges that are done with. */
  readonly #free: Uint8Array[] = [];

  constructor(repository: Repository, chunks: Copies) {
    this.#parts = partsOf(repository);
    this.#chunks = chunks;
    this.#opener = new FrameOpener(this.#parts.context);
  }

  /** Copies `chosen`; false when some of it could not be read, and what could is copied all the same. */
  async copy(source: CopySource, chosen: ChunkTable): Promise<boolean> {
    const { record, kind } = source;
    const frames = new PackFrames(this.#parts.context, this.#opener, { name: record.name, kind, tables: record });
    let isComplete = true;
    const ranges = rangesOf(record, unitsOf(record, chosen));
    for await (const { range, bytes, memory } of mapAhead(ranges, 1, (range) => this.#fetch(record, range))) {
      if (bytes === undefined) return false;
      for (const unit of range.units) {
        const sealed = (first: number, last: number) => sealedFrames(record, { range, bytes }, { first, last });
        const isCopied = isWhole(record, unit, chosen)
          ? this.#move({ source, frames, unit, chosen }, sealed)
          : this.#reopen({ source, frames, unit, chosen }, sealed);
        isComplete &&= isCopied;
        await this.#chunks.ready();
      }
      this.#free.push(memory);
    }
    return isComplete;
  }

  async #fetch(record: PackRecord, range: ReadRange): Promise<FetchedRange> {
    const offset = record.table.storedOffset(range.first);
    const length = record.table.storedEnd(range.last) - offset;
    const memory = this.#take(length);
    const bytes = await this.#parts.storage.get(record.name, { range: { offset, length }, into: memory });
    return { range, bytes: bytes?.length === length ? bytes : undefined, memory };
  }

  #take(length: number): Uint8Array {
    const free = this.#free.pop();
    return free !== undefined && free.length >= length ? free : new Uint8Array(length);
  }

  #move({ source, frames, unit, chosen }: UnitToCopy, sealed: SealedFrames): boolean {
    const { first, last } = unit;
    for (let index = first; index <= last; index++) {
      if (!frames.isAuthentic(index, sealed(index, index))) return false;
    }
    const bytes = sealed(first, last);
    this.#chunks.moveGroup(source.kind, groupOf(source.record, { unit, chosen, bytes }));
    return true;
  }

  #reopen({ source, frames, unit, chosen }: UnitToCopy, sealed: SealedFrames): boolean {
    const { record, kind } = source;
    let opened = -1;
    const open = (index: number) => {
      if (opened !== index) frames.open(index, sealed(index, index), this.#plain);
      opened = index;
      return this.#plain;
    };
    let isComplete = true;
    for (let i = unit.start; i < unit.end; i++) {
      const span: Span = spanOf(record, { offset: chosen.offsets[i]!, length: chosen.lengths[i]! }, record.name);
      try {
        const bytes = readSpan(record, span, { open, take: (length) => new Uint8Array(length) });
        const id = this.#parts.idHash[kind].hash(bytes);
        if (isOf(id, chosen, i)) this.#chunks.storeAgain(kind, id, bytes);
        else isComplete = false;
      } catch (error) {
        if (!isBcatError(error, "corrupt")) throw error;
        opened = -1;
        isComplete = false;
      }
    }
    return isComplete;
  }
}

/** The bytes of frames of a range, by the indexes of the first and the last. */
type SealedFrames = (first: number, last: number) => Uint8Array;

interface UnitToCopy {
  readonly source: CopySource;
  readonly frames: PackFrames;
  readonly unit: FrameUnit;
  readonly chosen: ChunkTable;
}

function isOf(id: Uint8Array, { ids }: ChunkTable, i: number): boolean {
  const at = i * ID_PREFIX_SIZE;
  return Buffer.compare(id.subarray(0, ID_PREFIX_SIZE), ids.subarray(at, at + ID_PREFIX_SIZE)) === 0;
}

function sealedFrames(
  { table }: PackRecord,
  { range, bytes }: { range: ReadRange; bytes: Uint8Array },
  { first, last }: { first: number; last: number },
): Uint8Array {
  const base = table.storedOffset(range.first);
  return bytes.subarray(table.storedOffset(first) - base, table.storedEnd(last) - base);
}

function rangesOf({ table }: PackRecord, units: readonly FrameUnit[]): ReadRange[] {
  const ranges: ReadRange[] = [];
  let range: ReadRange | undefined;
  for (const unit of units) {
    const isNear =
      range !== undefined &&
      table.storedOffset(unit.first) - table.storedEnd(range.last) <= GAP_MAX &&
      table.storedEnd(unit.last) - table.storedOffset(range.first) <= RANGE_MAX;
    if (range !== undefined && isNear) {
      range.units.push(unit);
      range.last = unit.last;
    } else {
      range = { units: [unit], first: unit.first, last: unit.last };
      ranges.push(range);
    }
  }
  return ranges;
}
