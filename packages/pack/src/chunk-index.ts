/**
 * Where the chunks of a repository are: a few segments of each kind. "Is this new?" is answered in memory but for the
 * filters' one false answer in 256; what a run has stored and no segment names yet is in its claims (chunk-claims.ts).
 */
import { type BlobKind, DATA, TREE } from "./blob-kind.js";
import type { PackContext } from "./context.js";
import { PackNames } from "./pack-names.js";
import { CondemnedMarks } from "./segment/condemned-marks.js";
import type { PackRecord } from "./segment/pack-record.js";
import { PackRecords } from "./segment/pack-records.js";
import { PageCache } from "./segment/page-cache.js";
import { type DescriptorNotes, RunFiles } from "./segment/run-files.js";
import { Segment, type SharedSegment } from "./segment/segment.js";

/** Bytes of opened pages that a thread keeps which has been given an index. */
const SHARED_PAGES_SIZE = 8 * 2 ** 20;

/** A place of a chunk: its pack, and where it lies in the stream of the pack. */
export interface ChunkLocation {
  readonly pack: PackRecord;
  readonly offset: number;
  readonly length: number;
  /** No writer may refer to it, and it may be gone. */
  readonly isCondemned: boolean;
}

/** A segment, and which of its packs are condemned: undefined until that is asked. */
interface Run {
  readonly segment: Segment;
  marks: CondemnedMarks | undefined;
}

/** All that an index knows, for another thread of this process; see {@link openSharedIndex}. */
export interface SharedIndex {
  /** References of packs, see PackNames. */
  readonly condemned: Uint8Array;
  readonly runs: readonly { readonly segment: SharedSegment; readonly marks: Uint8Array | undefined }[];
}

export class ChunkIndex implements Disposable {
  readonly #runs: Record<BlobKind, Run[]> = { [DATA]: [], [TREE]: [] };
  readonly #condemned = new PackNames();
  readonly #records = new PackRecords();
  readonly #dropped: Pick<PackNames, "has">;
  #version = 0;

  /** @param dropped object names of packs that a prune has emptied: what it left of their chunks is elsewhere. Looked into at each call */
  constructor(dropped: Pick<PackNames, "has"> = new PackNames()) {
    this.#dropped = dropped;
  }

  /** Another one after every change of what it knows, so that who has looked something up can tell whether to look again. */
  get version(): number {
    return this.#version;
  }

  segments(kind: BlobKind): readonly Segment[] {
    return this.#runs[kind].map((run) => run.segment);
  }

  /** Places of chunks: of one that lies in several packs, each. */
  placeCount(kind: BlobKind): number {
    return this.#runs[kind].reduce((sum, { segment }) => sum + segment.counts.entryCount, 0);
  }

  /** @param marks of condemned packs, as another thread has them */
  addSegment(segment: Segment, marks?: Uint8Array): void {
    const known = marks === undefined ? undefined : new CondemnedMarks(segment, this.#condemned, marks);
    this.#runs[segment.counts.kind].push({ segment, marks: known });
    this.#version++;
  }

  removeSegment(segment: Segment): void {
    const { kind } = segment.counts;
    this.#runs[kind] = this.#runs[kind].filter((run) => run.segment !== segment);
    this.#version++;
    this.#records.drop(segment);
  }

  /** Declares that a pack (by its object name) may never again be used as a location by a writer. */
  condemn(pack: string): void {
    if (this.#condemned.add(pack)) this.#forgetMarks();
  }

  /** As {@link condemn}, of many. @param references of packs, one behind the other */
  condemnAll(references: Uint8Array): void {
    if (this.#condemned.addAll(references) > 0) this.#forgetMarks();
  }

  isCondemned(pack: string): boolean {
    return this.#condemned.has(pack);
  }

  /** True when a pack is condemned, of whichever segment. */
  get hasCondemned(): boolean {
    return this.#condemned.size > 0;
  }

  /** Which packs of a segment of this index are condemned; undefined when none is, of any. */
  marksOf(segment: Segment): CondemnedMarks | undefined {
    const run = this.#runs[segment.counts.kind].find((candidate) => candidate.segment === segment);
    return run === undefined ? undefined : this.#marks(run);
  }

  /** True when a writer may refer to the chunk: it lies in a pack that is not condemned. */
  has(kind: BlobKind, id: Uint8Array): boolean {
    for (const run of this.#runs[kind]) if (run.segment.has(id, this.#marks(run))) return true;
    return false;
  }

  /** All places of the chunk, those in condemned packs last; none in dropped ones. @throws CorruptError naming a segment */
  locate(kind: BlobKind, id: Uint8Array): ChunkLocation[] {
    const sound: ChunkLocation[] = [];
    const condemned: ChunkLocation[] = [];
    for (const run of this.#runs[kind]) {
      for (const { pack: ordinal, offset, length } of run.segment.find(id)) {
        const isCondemned = this.#marks(run)?.has(ordinal) ?? false;
        const location = { pack: this.#records.get(run.segment, ordinal), offset, length, isCondemned };
        if (!isCondemned) sound.push(location);
        else if (!this.#dropped.has(location.pack.name)) condemned.push(location);
      }
    }
    return [...sound, ...condemned];
  }

  /** For another thread. What is added, condemned or removed later is not seen there. */
  share(): SharedIndex {
    const runs = [...this.#runs[DATA], ...this.#runs[TREE]].map((run) => ({
      segment: run.segment.share(),
      marks: this.#marks(run)?.marks,
    }));
    return { condemned: this.#condemned.references, runs };
  }

  /** Closes all segments. */
  [Symbol.dispose](): void {
    for (const kind of [DATA, TREE] as const) for (const { segment } of this.#runs[kind]) segment[Symbol.dispose]();
  }

  #forgetMarks(): void {
    this.#version++;
    for (const kind of [DATA, TREE] as const) for (const run of this.#runs[kind]) run.marks = undefined;
  }

  #marks(run: Run): CondemnedMarks | undefined {
    if (this.#condemned.size === 0) return undefined;
    run.marks ??= new CondemnedMarks(run.segment, this.#condemned);
    return run.marks;
  }
}

export interface SharedIndexOptions {
  /** Bytes of pages kept here. */
  readonly pagesSize?: number;
  /** Where open run files are noted. */
  readonly descriptors?: DescriptorNotes;
}

/** Opens, in another thread, what {@link ChunkIndex.share} has given. */
export function openSharedIndex(
  context: PackContext,
  shared: SharedIndex,
  options: SharedIndexOptions = {},
): ChunkIndex {
  const index = new ChunkIndex();
  index.condemnAll(shared.condemned);
  const cache = new PageCache(options.pagesSize ?? SHARED_PAGES_SIZE);
  const files = new RunFiles({ descriptors: options.descriptors });
  for (const { segment, marks } of shared.runs)
    index.addSegment(Segment.adopt(context, segment, { cache, files }), marks);
  return index;
}
