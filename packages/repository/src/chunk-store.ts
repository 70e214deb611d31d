/**
 * Stores the chunks of a session: each id is claimed once, chunks become packs, and packs are named by segments before
 * the session may be decided.
 *
 *     store ──► claimed? ──► frames ──► pack of the kind ──full──► put pack ──every 16, or 5 minutes──► put segment
 *     other threads: the same ──► addGroup ──┘
 */

import {
  arenaSize,
  type BlobKind,
  buildSegment,
  ChunkClaims,
  type ClaimsMemory,
  chunkId,
  DATA,
  type FinishedPack,
  FrameBuilder,
  type FrameBuilderOptions,
  type FrameGroup,
  type IndexedPack,
  PACK_TARGET_SIZE,
  PackAssembler,
  type SharedIndex,
  TREE,
} from "@bcat/pack";
import type { SegmentReference } from "./bodies/references.js";
import { parityPercentOf, putOptionsOf, putParity } from "./parity/parity-objects.js";
import { partsOf, type RepositoryParts } from "./repository.js";
import type { Session } from "./session.js";
import { Uploads } from "./uploads.js";

/**
 * Packs after which a segment is written, and the longest time between two (ms) while packs are. 16 packs of 131,072
 * chunks make 59 MB of entries: a segment stays below the format's 64 MiB.
 */
const PACKS_PER_SEGMENT = 16;
const SEGMENT_INTERVAL_MS = 5 * 60_000;
/** Bytes that may be stored between two calls of `ready`: a window of the cutter, and all slabs of a few threads. */
const UNCHECKED_MAX = 32 * 2 ** 20;
/** Longest tree chunk, bytes (docs/format.md section 12). */
const TREE_CHUNK_MAX = 4 * 2 ** 20;
/** Packs of data on their way at once, where the storage asks for more than one: each is an arena. */
const WIDTH_MAX = 16;
/** Ids claimed before all is made durable and the segments tell what is stored: 32 bytes each at most. */
const CLAIMS_MAX = 2_000_000;
const KINDS = [DATA, TREE] as const;

export interface ChunkStoreOptions {
  /** zstd level, 0 for none. */
  readonly level: number;
  /** Ids claimed before they are forgotten, for tests. */
  readonly claimsMax?: number;
}

/** Threads that make frames of their own chunks of data, by what {@link ChunkStore.share} tells them. */
export interface FrameThreads {
  /**
   * Waits until they have handed over all frames that they have begun; they begin none until this store goes on. `between`
   * is waited for now and then meanwhile, so that what is on its way stays bounded.
   */
  flush(between: () => Promise<void>): Promise<void>;
  /** Has them look chunks up here from now on. */
  adopt(indexes: readonly SharedIndex[]): void;
}

/** What another thread needs to make frames for a store. */
export interface SharedStore {
  readonly claims: ClaimsMemory;
  readonly indexes: readonly SharedIndex[];
  readonly frames: Omit<FrameBuilderOptions, "idHash" | "onGroup">;
}

/** What a session has added so far. */
export interface AddedCounts {
  dataChunks: number;
  treeChunks: number;
  plainBytes: number;
  storedBytes: number;
  /** Chunks that lay in packs which are missing or damaged, and now lie in one that is not. */
  healed: number;
}

/** The packs and segments of one kind, on their way. */
interface Lane {
  readonly kind: BlobKind;
  readonly builder: FrameBuilder;
  readonly assembler: PackAssembler;
  readonly uploads: Uploads;
  /** Durable packs that no segment names yet. */
  stored: IndexedPack[];
  /** When the last segment was written, ms. */
  segmentTime: number;
}

export class ChunkStore {
  readonly added: AddedCounts = { dataChunks: 0, treeChunks: 0, plainBytes: 0, storedBytes: 0, healed: 0 };
  /** The durable segments that name what was stored: all of it after {@link settle}. */
  readonly segments: SegmentReference[] = [];
  readonly #session: Session;
  readonly #parts: RepositoryParts;
  readonly #options: ChunkStoreOptions;
  readonly #lanes: Record<BlobKind, Lane>;
  readonly #claims: Record<BlobKind, ChunkClaims> = { [DATA]: ChunkClaims.create(), [TREE]: ChunkClaims.create() };
  readonly #targetSize: number;
  readonly #nearlyFull: number;
  /** Other threads that make frames for this store. */
  threads: FrameThreads | undefined;

  constructor(session: Session, options: ChunkStoreOptions) {
    this.#session = session;
    this.#parts = partsOf(session.repository);
    this.#options = options;
    this.#targetSize = this.#parts.environment.sizes?.packSize ?? PACK_TARGET_SIZE;
    this.#nearlyFull = Math.max(this.#targetSize / 2, this.#targetSize - UNCHECKED_MAX);
    this.#lanes = { [DATA]: this.#createLane(DATA), [TREE]: this.#createLane(TREE) };
  }

  /** True when the session may refer to the chunk: it has stored it, or it lies in a pack that no log record condemns. */
  has(kind: BlobKind, id: Uint8Array): boolean {
    return this.#claims[kind].has(id) || this.#isStored(kind, id);
  }

  /**
   * Stores a chunk unless it is stored, and returns its id. `bytes` is not kept. Call {@link ready} between chunks: what
   * is on its way is bounded only there.
   */
  store(kind: BlobKind, bytes: Uint8Array): Uint8Array {
    const id = this.#parts.idHash[kind].hash(bytes);
    if (this.#isStored(kind, id) || !this.#claims[kind].claim(id)) return id;
    if (!this.#session.isDryRun) this.#add(this.#lanes[kind], id, bytes);
    this.#count(kind, 1, bytes.length);
    this.#countHealed(kind, id);
    return id;
  }

  /**
   * As {@link store}, wherever else the chunk lies: a prune is about to do away with those places. `id` is that of the
   * bytes, and like them not kept.
   */
  storeAgain(kind: BlobKind, id: Uint8Array, bytes: Uint8Array): void {
    if (!this.#claims[kind].claim(id)) return;
    this.#add(this.#lanes[kind], id, bytes);
    this.#count(kind, 1, bytes.length);
  }

  /** Takes sealed frames of a kind out of another pack, with their chunks; copied. */
  moveGroup(kind: BlobKind, group: FrameGroup): void {
    this.#lanes[kind].assembler.add(group);
    this.#count(kind, group.chunks.count, plainLengthOf(group));
  }

  /** Takes sealed frames of data that another thread has made of chunks it claimed; copied. */
  addGroup(group: FrameGroup): void {
    const { assembler } = this.#lanes[DATA];
    assembler.add(group);
    this.#count(DATA, group.chunks.count, plainLengthOf(group));
    for (let i = 0; i < group.chunks.count; i++) this.#countHealed(DATA, chunkId(group.chunks, i));
  }

  /**
   * Takes over a durable pack that no segment names, so that this session's own do (rule 4a of docs/architecture.md). Its
   * chunks are found after {@link settle}.
   */
  async adopt(kind: BlobKind, pack: IndexedPack): Promise<void> {
    const lane = this.#lanes[kind];
    lane.stored.push(pack);
    if (lane.stored.length >= PACKS_PER_SEGMENT) await this.#writeSegment(lane);
  }

  /** For other threads, which claim and make frames of data for this store; see {@link addGroup}. */
  share(): SharedStore {
    return { claims: this.#claims[DATA].share(), indexes: this.#shareIndexes(), frames: this.#frameOptions(DATA) };
  }

  /** True when {@link ready} would wait, or throw. */
  get isBusy(): boolean {
    return this.#hasManyClaims || KINDS.some((kind) => this.#isBusy(this.#lanes[kind]));
  }

  /** Waits until there is an arena for the next pack of each kind. @throws what a write to the storage failed with */
  async ready(): Promise<void> {
    await this.#room();
    if (!this.#hasManyClaims) return;
    await this.settle();
    this.threads?.adopt(this.#shareIndexes());
    // A dry run has no segments that would tell: it counts a chunk twice rather than grow for ever.
    for (const kind of KINDS) this.#claims[kind].clear();
  }

  /** Makes everything durable that was stored, and writes the segments that name it. @throws as {@link ready} */
  async settle(): Promise<void> {
    if (this.#session.isDryRun) return;
    await this.threads?.flush(() => this.#room());
    for (const kind of KINDS) {
      const { builder, assembler } = this.#lanes[kind];
      builder.flush();
      assembler.finish();
    }
    // Data and trees beside each other: far away, each waits for answers most of the time.
    const written = await Promise.allSettled(KINDS.map((kind) => this.#drain(this.#lanes[kind])));
    for (const result of written) if (result.status === "rejected") throw result.reason;
  }

  /** Waits until nothing is on its way any more; errors no longer matter. */
  async close(): Promise<void> {
    for (const kind of KINDS) await this.#lanes[kind].uploads.settle();
  }

  /** The packs of a kind first, then what names them. */
  async #drain(lane: Lane): Promise<void> {
    await lane.uploads.drain();
    if (lane.stored.length > 0) await this.#writeSegment(lane);
  }

  async #room(): Promise<void> {
    for (const kind of KINDS) {
      const lane = this.#lanes[kind];
      lane.uploads.throwFailure();
      while (this.#isBusy(lane)) await lane.uploads.next();
    }
  }

  /** A pack closes as soon as it is full, with what waits in the shared frame: small packs, of tests, stay small. */
  #add({ builder, assembler }: Lane, id: Uint8Array, bytes: Uint8Array): void {
    builder.add(id, bytes);
    if (assembler.openSize + builder.openSize >= this.#targetSize) builder.flush();
  }

  #count(kind: BlobKind, chunks: number, bytes: number): void {
    if (kind === DATA) this.added.dataChunks += chunks;
    else this.added.treeChunks += chunks;
    this.added.plainBytes += bytes;
  }

  /** @param id or its first 16 bytes, of a chunk that was stored just now */
  #countHealed(kind: BlobKind, id: Uint8Array): void {
    const { damagedPacks } = this.#parts.history.log;
    if (damagedPacks.size === 0) return;
    const places = this.#parts.index.chunks.locate(kind, id);
    if (places.some(({ pack }) => damagedPacks.has(pack.name))) this.added.healed++;
  }

  #shareIndexes(): SharedIndex[] {
    return [this.#parts.index.chunks.share(), this.#session.own.chunks.share()];
  }

  #isStored(kind: BlobKind, id: Uint8Array): boolean {
    return this.#parts.index.chunks.has(kind, id) || this.#session.own.chunks.has(kind, id);
  }

  get #hasManyClaims(): boolean {
    return this.#claims[DATA].count + this.#claims[TREE].count > (this.#options.claimsMax ?? CLAIMS_MAX);
  }

  /** As many packs are on their way as may be, and the next is nearly full: there should be no more arenas. */
  #isBusy({ uploads, builder, assembler }: Lane): boolean {
    const openSize = assembler.openSize + builder.openSize;
    return uploads.hasFailed || uploads.isOverfull || (uploads.isFull && openSize >= this.#nearlyFull);
  }

  #frameOptions(kind: BlobKind): SharedStore["frames"] {
    const { config, history } = this.#parts;
    const chunkSizeMax = kind === DATA ? config.chunker.maximum : TREE_CHUNK_MAX;
    return { kind, epoch: history.epoch, domain: 0, level: this.#options.level, chunkSizeMax };
  }

  #createLane(kind: BlobKind): Lane {
    const { context, idHash, environment, storage } = this.#parts;
    const width = kind === DATA ? Math.min(storage.uploads ?? 1, WIDTH_MAX) : 1;
    const frames = this.#frameOptions(kind);
    const sizes = { targetSize: this.#targetSize, chunkSizeMax: frames.chunkSizeMax };
    const places = { arenaSize: arenaSize(sizes) };
    const uploads = new Uploads({ width, ...places });
    const assembler = new PackAssembler(context, {
      ...frames,
      ...sizes,
      ...places,
      firstSize: this.#parts.environment.sizes?.firstPackSize,
      session: this.#session.number,
      takeArena: () => uploads.takeArena(),
      growArena: (arena, used, length) => uploads.growArena(arena, used, length),
      onPack: (pack) => uploads.start(pack.bytes, () => this.#storePack(lane, pack)),
    });
    const onGroup = (group: FrameGroup) => assembler.add(group);
    const builder = new FrameBuilder(context, { ...frames, idHash: idHash[kind], onGroup });
    const lane: Lane = { kind, builder, assembler, uploads, stored: [], segmentTime: environment.now() };
    return lane;
  }

  async #storePack(lane: Lane, pack: FinishedPack): Promise<void> {
    this.#session.journal?.add({ name: pack.name, size: pack.bytes.length });
    const { kind } = lane;
    await this.#parts.storage.put(pack.name, pack.bytes, putOptionsOf(kind));
    await this.#storeParity(pack, kind);
    if (kind === TREE) this.#parts.keptTrees?.keep(pack.name, pack.bytes);
    this.added.storedBytes += pack.bytes.length;
    const { reference, keys, frames, chunks } = pack;
    lane.stored.push({ reference, size: pack.bytes.length, keys, frames, chunks });
    const { sizes, now } = this.#parts.environment;
    const isDue = now() - lane.segmentTime >= SEGMENT_INTERVAL_MS;
    if (isDue || lane.stored.length >= (sizes?.packsPerSegment ?? PACKS_PER_SEGMENT)) await this.#writeSegment(lane);
  }

  /** Before a segment names the pack: of what is committed, all parity is durable. */
  async #storeParity({ name, bytes }: FinishedPack, kind: BlobKind): Promise<void> {
    const { storage, context } = this.#parts;
    const percent = parityPercentOf(this.#parts);
    if (percent === 0) return;
    const size = await putParity({ storage, ...context }, { name, bytes, percent, kind });
    this.added.storedBytes += size;
  }

  async #writeSegment(lane: Lane): Promise<void> {
    const packs = lane.stored;
    lane.stored = [];
    const { context, storage, history, environment } = this.#parts;
    lane.segmentTime = environment.now();
    const segment = { kind: lane.kind, epoch: history.epoch, domain: 0, session: this.#session.number };
    const { name, bytes, reference } = buildSegment(context, segment, packs);
    try {
      await storage.put(name, bytes);
    } catch (error) {
      // Who goes on all the same must not commit without them.
      lane.stored.unshift(...packs);
      throw error;
    }
    this.added.storedBytes += bytes.length;
    this.segments.push({ ...reference, size: bytes.length, hash: context.blake3.hash(bytes) });
    this.#session.own.add(name, bytes);
  }
}

function plainLengthOf({ frames }: FrameGroup): number {
  return frames.plainLengths.reduce((sum, length) => sum + length, 0);
}
