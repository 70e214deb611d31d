/** The packs that the runs of an index name, each once, by number; and how much of each is used. */
import { type BlobKind, ChosenScan, DATA, type PackRecord, type ScannedPlaces, type Segment, TREE } from "@bcat/pack";
import type { LiveMarks } from "./live-marks.js";

export const KINDS = [DATA, TREE] as const;

/** Where the record of a pack stands. */
interface RecordPlace {
  readonly kind: BlobKind;
  readonly segment: Segment;
  readonly ordinal: number;
}

export class PackTable {
  /** Object names. */
  readonly names: readonly string[];
  /** Bytes of the objects. */
  readonly sizes: Float64Array;
  /** Bytes of their streams: of all that was ever in them, before it was compressed. */
  readonly streams: Float64Array;
  readonly #places: readonly RecordPlace[];
  readonly #numbers: ReadonlyMap<string, number>;
  /** Of the packs of each run, by their ordinals. */
  readonly #ordinals: Readonly<Record<BlobKind, readonly Uint32Array[]>>;

  constructor(marks: LiveMarks) {
    const places: RecordPlace[] = [];
    const names: string[] = [];
    const numbers = new Map<string, number>();
    const numberRun = (kind: BlobKind, segment: Segment) =>
      Uint32Array.from({ length: segment.counts.packCount }, (_, ordinal) => {
        const name = segment.packName(ordinal);
        const known = numbers.get(name);
        if (known !== undefined) return known;
        numbers.set(name, names.length);
        places.push({ kind, segment, ordinal });
        return names.push(name) - 1;
      });
    const ordinalsOf = (kind: BlobKind) => marks.segments(kind).map((segment) => numberRun(kind, segment));
    this.#ordinals = { [DATA]: ordinalsOf(DATA), [TREE]: ordinalsOf(TREE) };
    this.names = names;
    this.#places = places;
    this.#numbers = numbers;
    this.sizes = new Float64Array(names.length);
    this.streams = new Float64Array(names.length);
    for (let pack = 0; pack < names.length; pack++) {
      const { size, table } = this.record(pack);
      this.sizes[pack] = size;
      this.streams[pack] = table.streamSize;
    }
  }

  get count(): number {
    return this.names.length;
  }

  kindOf(pack: number): BlobKind {
    return this.#places[pack]!.kind;
  }

  /** @throws CorruptError naming a segment */
  record(pack: number): PackRecord {
    const { segment, ordinal } = this.#places[pack]!;
    return segment.packRecord(ordinal);
  }

  /** The number of a pack by its object name; undefined when no run names it. */
  numberOf(name: string): number | undefined {
    return this.#numbers.get(name);
  }

  /** Number of the pack of place `i`. */
  packOf(kind: BlobKind, places: ScannedPlaces, i: number): number {
    return this.#ordinals[kind][places.segments[i]!]![places.packs[i]!]!;
  }

  /** A flag for each pack, 1 for those that `names` holds. */
  flag(names: { has(name: string): boolean }): Uint8Array {
    return Uint8Array.from(this.names, (name) => (names.has(name) ? 1 : 0));
  }
}

/**
 * Bytes of each pack's stream that are used. Of a live chunk that has several places in packs that are not `excluded`,
 * the one in the pack that most is used of counts.
 */
export async function measureUse(table: PackTable, marks: LiveMarks, excluded: Uint8Array): Promise<Float64Array> {
  const used = new Float64Array(table.count);
  const duplicates = new Float64Array(table.count);
  let hasSeveral = false;
  const usedAt = (kind: BlobKind, places: ScannedPlaces, i: number) => used[table.packOf(kind, places, i)]!;
  await forEachLive(marks, (kind, places) => {
    hasSeveral ||= places.count > 1;
    for (let i = 0; i < places.count; i++) {
      const pack = table.packOf(kind, places, i);
      if (excluded[pack] === 0) used[pack]! += places.lengths[i]!;
    }
  });
  if (!hasSeveral) return used;
  await forEachLive(marks, (kind, places) => {
    if (places.count === 1) return;
    const sound = soundPlaces(table, { kind, places, excluded });
    let kept = sound[0];
    for (const i of sound) if (usedAt(kind, places, i) > usedAt(kind, places, kept!)) kept = i;
    for (const i of sound) if (i !== kept) duplicates[table.packOf(kind, places, i)]! += places.lengths[i]!;
  });
  return used.map((bytes, pack) => bytes - duplicates[pack]!);
}

/** Chunks between two turns of the event loop. */
const STRIDE = 65_536;

/** Hands the places of every live chunk to `visit`. */
export async function forEachLive(
  marks: LiveMarks,
  visit: (kind: BlobKind, places: ScannedPlaces) => void,
): Promise<void> {
  for (const kind of KINDS) {
    const scan = new ChosenScan(marks.runs(kind));
    while (scan.next(STRIDE, (places) => visit(kind, places))) await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Which of the places lie in packs that are not excluded. */
function soundPlaces(
  table: PackTable,
  { kind, places, excluded }: { kind: BlobKind; places: ScannedPlaces; excluded: Uint8Array },
): number[] {
  const sound: number[] = [];
  for (let i = 0; i < places.count; i++) if (excluded[table.packOf(kind, places, i)] === 0) sound.push(i);
  return sound;
}
