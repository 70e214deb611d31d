/** Saves the chunks of damaged packs that still open into packs of one's own. */
import { CorruptError } from "@bcat/errors";
import {
  type BlobKind,
  ChunkClaims,
  type ChunkLocation,
  DATA,
  FRAME_PLAIN_MAX,
  FrameOpener,
  PackFrames,
  type PackRecord,
  readSpan,
  type Segment,
  type SegmentEntry,
  spanOf,
  TREE,
} from "@bcat/pack";
import { readMended } from "../parity/mended-pack.js";
import { partsOf, type Repository } from "../repository.js";

/** Where chunks go. */
export interface SalvageTarget {
  /** Stores a chunk. `bytes` is not kept. */
  store(kind: BlobKind, bytes: Uint8Array): Uint8Array;
  ready(): Promise<void>;
}

export interface Salvaged {
  /** Chunks that open. */
  readonly opened: number;
  /** Chunks that do not, or that nobody can find in a pack that is missing. */
  readonly lost: number;
  /** Chunks that open and lie in no sound pack: stored, if there is a target. */
  readonly saved: number;
  /** Packs all of which their parity has brought back. */
  readonly mended: number;
}

/**
 * Goes through the packs of these names. What lies in each is taken from the index, and not from its directory, which
 * may be damaged too. What is damaged is mended as far as its parity can. Memory: two packs, and the parity of one.
 */
export async function salvage(
  repository: Repository,
  names: ReadonlySet<string>,
  target?: SalvageTarget,
): Promise<Salvaged> {
  const { index } = partsOf(repository);
  const sum = { opened: 0, lost: 0, saved: 0, mended: 0 };
  for (const kind of [DATA, TREE] as const) {
    const claims = ChunkClaims.create();
    for (const segment of index.chunks.segments(kind)) {
      for (const pack of packsIn(segment, names)) {
        await salvagePack({ repository, kind, ...pack, names, claims, target }, sum);
      }
    }
  }
  return sum;
}

interface PackInSegment {
  readonly record: PackRecord;
  readonly entries: readonly SegmentEntry[];
}

/** The packs of a segment that are wanted, a few at a time, so that a few passes over its entries do. */
function* packsIn(segment: Segment, names: ReadonlySet<string>): Generator<PackInSegment> {
  const ordinals: number[] = [];
  for (let ordinal = 0; ordinal < segment.counts.packCount; ordinal++)
    if (names.has(segment.packName(ordinal))) ordinals.push(ordinal);
  for (let first = 0; first < ordinals.length; first += PACKS_AT_ONCE) {
    const some = new Map(
      ordinals.slice(first, first + PACKS_AT_ONCE).map((ordinal) => [ordinal, [] as SegmentEntry[]]),
    );
    for (const entry of segment.entries()) some.get(entry.pack)?.push(entry);
    for (const [ordinal, entries] of some) {
      entries.sort((a, b) => a.offset - b.offset);
      yield { record: segment.packRecord(ordinal), entries };
    }
  }
}

/** Their entries are in memory, up to 131,072 of each. */
const PACKS_AT_ONCE = 16;

async function salvagePack(
  pack: PackInSegment & {
    readonly repository: Repository;
    readonly kind: BlobKind;
    readonly names: ReadonlySet<string>;
    /** Chunks that were saved. */
    readonly claims: ChunkClaims;
    readonly target: SalvageTarget | undefined;
  },
  sum: { opened: number; lost: number; saved: number; mended: number },
): Promise<void> {
  const { repository, kind, record, entries, names, claims, target } = pack;
  const { storage, context, idHash, index } = partsOf(repository);
  const { found, mended } = await readMended({ storage, ...context }, record.name);
  if (mended?.isWhole === true) sum.mended++;
  const bytes = mended?.bytes ?? found ?? new Uint8Array(0);
  const frames = new PackFrames(context, new FrameOpener(context), { name: record.name, kind, tables: record });
  const reader = new SpanReader(frames, bytes);
  const isHere = (entry: SegmentEntry, { pack, offset, length }: ChunkLocation) =>
    pack.name === record.name && offset === entry.offset && length === entry.length;
  for (const entry of entries) {
    const chunk = reader.read(entry);
    const id = chunk && idHash[kind].hash(chunk);
    const places = id === undefined ? [] : index.chunks.locate(kind, id);
    // When the index says of these very bytes that they lie there, they are the chunk.
    if (chunk === undefined || id === undefined || !places.some((place) => isHere(entry, place))) {
      sum.lost++;
      continue;
    }
    sum.opened++;
    if (places.some(({ pack: { name }, isCondemned }) => !isCondemned && !names.has(name)) || !claims.claim(id))
      continue;
    target?.store(kind, chunk);
    await target?.ready();
    sum.saved++;
  }
}

/** Reads pieces of a pack's stream in order, opening each frame once, also one that does not open. */
class SpanReader {
  readonly #frames: PackFrames;
  readonly #bytes: Uint8Array;
  readonly #plain = new Uint8Array(FRAME_PLAIN_MAX);
  readonly #bad = new Set<number>();
  #opened = -1;

  constructor(frames: PackFrames, bytes: Uint8Array) {
    this.#frames = frames;
    this.#bytes = bytes;
  }

  /** The bytes, good until the next call; undefined when they do not open. */
  read(place: { readonly offset: number; readonly length: number }): Uint8Array | undefined {
    const { tables, name } = this.#frames;
    try {
      const span = spanOf(tables, place, name);
      for (let index = span.first; index <= span.last; index++) if (this.#bad.has(index)) return undefined;
      return readSpan(tables, span, { open: (index) => this.#open(index), take: (length) => new Uint8Array(length) });
    } catch (error) {
      if (!(error instanceof CorruptError)) throw error;
      return undefined;
    }
  }

  #open(index: number): Uint8Array {
    if (this.#opened === index) return this.#plain;
    const { storedOffset, storedLength } = this.#frames.tables.frames[index]!;
    this.#opened = -1;
    try {
      this.#frames.open(index, this.#bytes.subarray(storedOffset, storedOffset + storedLength), this.#plain);
    } catch (error) {
      this.#bad.add(index);
      throw error;
    }
    this.#opened = index;
    return this.#plain;
  }
}
