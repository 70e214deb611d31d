/**
 * A session that writes (docs/architecture.md): its number is reserved, then the log and the outcomes are read, then
 * packs are stored, then the segments that name them, then the outcome that names the segments. Each step is durable
 * before the next is begun, and only the last one counts.
 */

import { ObjectType, sealObject } from "@bcat/crypto";
import { BcatError } from "@bcat/errors";
import {
  arenaSize,
  type BlobKind,
  buildSegment,
  DATA,
  type FinishedPack,
  type IdSet,
  type IndexedPack,
  PACK_TARGET_SIZE,
  PackWriter,
  TREE,
} from "@bcat/pack";
import { encodeOutcome } from "./bodies/outcome.js";
import type { SegmentReference } from "./bodies/references.js";
import { encodeSession } from "./bodies/session.js";
import type { Snapshot } from "./bodies/snapshot.js";
import { decideRegister, findHead, registerName } from "./registers.js";
import type { Repository } from "./repository.js";

/**
 * Packs after which a segment is written, and the longest time between two (ms) while packs are. 16 packs of 131,072
 * chunks make 59 MB of entries: a segment stays below the format's 64 MiB.
 */
const PACKS_PER_SEGMENT = 16;
const SEGMENT_INTERVAL_MS = 5 * 60_000;
/** Numbers tried before giving up: others take them as fast as we ask. */
const RESERVE_ATTEMPTS_MAX = 1000;
/** Bytes that may be stored between two calls of `ready`: a window of the cutter, and some. */
const UNCHECKED_MAX = 16 * 2 ** 20;
/** Longest tree chunk, bytes (docs/format.md section 12). */
const TREE_CHUNK_MAX = 4 * 2 ** 20;

export interface WriteSessionOptions {
  /** zstd level, 0 for none. */
  readonly level: number;
  /** Reserves nothing, stores nothing: only counts what would be stored. */
  readonly dryRun: boolean;
  /** Name of the host to record, if not the environment's. */
  readonly host?: string;
}

/** What a session has added so far. */
export interface AddedCounts {
  dataChunks: number;
  treeChunks: number;
  plainBytes: number;
  storedBytes: number;
}

/** The fields of a snapshot that its writer gives; the session knows the others. */
export type SnapshotToCommit = Omit<Snapshot, "complete" | "logHead" | "seen">;

/** A durable pack that no segment names yet, and the ids that are found through it until one does. */
interface StoredPack extends IndexedPack {
  readonly added: IdSet;
}

/** The packs and segments of one kind, on their way. */
class Lane {
  readonly kind: BlobKind;
  readonly writer: PackWriter;
  readonly arenas: Uint8Array[] = [];
  stored: StoredPack[] = [];
  /** When the last segment was written, ms. */
  segmentTime: number;
  uploads: Promise<void>[] = [];

  constructor(kind: BlobKind, writer: PackWriter, now: number) {
    this.kind = kind;
    this.writer = writer;
    this.segmentTime = now;
  }
}

export class WriteSession {
  readonly repository: Repository;
  /** 0 in a dry run. */
  readonly number: number;
  readonly added: AddedCounts = { dataChunks: 0, treeChunks: 0, plainBytes: 0, storedBytes: 0 };
  readonly #options: WriteSessionOptions;
  readonly #lanes: Record<BlobKind, Lane>;
  readonly #segments: SegmentReference[] = [];
  readonly #nearlyFull: number;
  #failure: unknown;

  private constructor(repository: Repository, number: number, options: WriteSessionOptions) {
    this.repository = repository;
    this.number = number;
    this.#options = options;
    const targetSize = repository.environment.sizes?.packSize ?? PACK_TARGET_SIZE;
    this.#nearlyFull = Math.max(targetSize / 2, targetSize - UNCHECKED_MAX);
    this.#lanes = { [DATA]: this.#createLane(DATA), [TREE]: this.#createLane(TREE) };
  }

  /** Reserves a number and reads what a writer must know. @throws BcatError, StorageError; nothing is left to undo */
  static async begin(repository: Repository, options: WriteSessionOptions): Promise<WriteSession> {
    const { state } = repository;
    state.forgetUncommitted();
    if (options.dryRun) {
      await state.refresh({ strict: true });
      return new WriteSession(repository, 0, options);
    }
    const number = await reserve(repository, options);
    await state.refresh({ strict: true, ownSession: number });
    return new WriteSession(repository, number, options);
  }

  /** True when the chunk needs not be stored: it is, in a pack that no log record condemns. */
  has(kind: BlobKind, id: Uint8Array): boolean {
    return this.repository.state.index.has(kind, id);
  }

  /**
   * Stores a chunk unless it is stored, and returns its id. `bytes` is not kept. Call {@link ready} between chunks: what
   * is on its way is bounded only there.
   */
  store(kind: BlobKind, bytes: Uint8Array): Uint8Array {
    const id = this.repository.idHash[kind].hash(bytes);
    if (this.has(kind, id)) return id;
    if (!this.#options.dryRun) this.#lanes[kind].writer.add(id, bytes);
    this.repository.state.index.noteAdded(kind, id);
    if (kind === DATA) this.added.dataChunks++;
    else this.added.treeChunks++;
    this.added.plainBytes += bytes.length;
    return id;
  }

  /** True when {@link ready} would wait, or throw. */
  get isBusy(): boolean {
    return this.#failure !== undefined || this.#isBusy(this.#lanes[DATA]) || this.#isBusy(this.#lanes[TREE]);
  }

  /** Waits until there is an arena for the next pack of each kind. @throws what a write to the storage failed with */
  async ready(): Promise<void> {
    for (const kind of [DATA, TREE] as const) {
      while (this.#isBusy(this.#lanes[kind])) await this.#lanes[kind].uploads[0];
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** A pack is on its way and the next is nearly full: two arenas of a kind are all there should be. */
  #isBusy(lane: Lane): boolean {
    return lane.uploads.length > 1 || (lane.uploads.length > 0 && lane.writer.openSize >= this.#nearlyFull);
  }

  /** Stores what is still open and puts the outcome. Only when this returns is there a snapshot, of number `number`. */
  async commit(snapshot: SnapshotToCommit): Promise<void> {
    const { state, environment, storage } = this.repository;
    for (const kind of [DATA, TREE] as const) await this.#drain(this.#lanes[kind]);
    const body = encodeOutcome({
      kind: "snapshot",
      added: this.#segments,
      removed: [],
      snapshot: { ...snapshot, complete: true, logHead: state.logHead, seen: state.seen },
    });
    const name = registerName("outcomes", this.number);
    const object = { type: ObjectType.OUTCOME, name, epoch: state.epoch, domain: 0 };
    const bytes = sealObject(this.repository.context, object, body);
    if (!(await decideRegister(storage, name, bytes))) {
      throw new BcatError(
        "refused",
        `Cannot commit snapshot ${this.number}: "${name}" has been decided by somebody else; nothing was committed, back up again`,
      );
    }
    state.noteOwnOutcome(this.number, bytes);
    state.save(environment.now());
  }

  /** Stores the open packs of both kinds, so that {@link added} is exact. */
  async flush(): Promise<void> {
    for (const kind of [DATA, TREE] as const) await this.#drain(this.#lanes[kind]);
  }

  /** Waits until nothing of this session is on its way any more; errors no longer matter. */
  async abandon(): Promise<void> {
    for (const kind of [DATA, TREE] as const) await Promise.allSettled(this.#lanes[kind].uploads);
    this.repository.state.forgetUncommitted();
  }

  #createLane(kind: BlobKind): Lane {
    const { context, idHash, environment, chunker, state } = this.repository;
    const targetSize = environment.sizes?.packSize ?? PACK_TARGET_SIZE;
    const sizes = { targetSize, chunkSizeMax: kind === DATA ? chunker.maximum : TREE_CHUNK_MAX };
    const lane: Lane = new Lane(
      kind,
      new PackWriter(context, {
        ...sizes,
        kind,
        epoch: state.epoch,
        domain: 0,
        session: this.number,
        idHash: idHash[kind],
        level: this.#options.level,
        takeArena: () => lane.arenas.pop() ?? new Uint8Array(new ArrayBuffer(arenaSize(sizes))),
        onPack: (pack) => this.#upload(lane, pack),
      }),
      environment.now(),
    );
    return lane;
  }

  #upload(lane: Lane, pack: FinishedPack): void {
    const upload = this.#storePack(lane, pack, this.repository.state.index.sealAdded(lane.kind))
      .catch((error: unknown) => {
        this.#failure ??= error;
      })
      .finally(() => {
        lane.uploads = lane.uploads.filter((other) => other !== upload);
      });
    lane.uploads.push(upload);
  }

  async #storePack(lane: Lane, pack: FinishedPack, added: IdSet): Promise<void> {
    if (this.#failure !== undefined) return;
    await this.repository.storage.put(pack.name, pack.bytes);
    this.added.storedBytes += pack.bytes.length;
    const { reference, keys, frames, chunks } = pack;
    lane.stored.push({ reference, size: pack.bytes.length, keys, frames, chunks, added });
    lane.arenas.push(new Uint8Array(pack.bytes.buffer));
    const { sizes, now } = this.repository.environment;
    const isDue = now() - lane.segmentTime >= SEGMENT_INTERVAL_MS;
    if (isDue || lane.stored.length >= (sizes?.packsPerSegment ?? PACKS_PER_SEGMENT)) await this.#writeSegment(lane);
  }

  async #writeSegment(lane: Lane): Promise<void> {
    const packs = lane.stored;
    lane.stored = [];
    const { context, storage, state, environment } = this.repository;
    lane.segmentTime = environment.now();
    const segment = { kind: lane.kind, epoch: state.epoch, domain: 0, session: this.number };
    const { name, bytes, reference } = buildSegment(context, segment, packs);
    await storage.put(name, bytes);
    this.added.storedBytes += bytes.length;
    this.#segments.push({ ...reference, size: bytes.length, hash: context.blake3.hash(bytes) });
    state.adoptOwn(name, bytes);
    for (const { added } of packs) state.index.dropAdded(lane.kind, added);
  }

  async #drain(lane: Lane): Promise<void> {
    if (this.#options.dryRun) return;
    lane.writer.finish();
    while (lane.uploads.length > 0) await lane.uploads[0];
    if (this.#failure !== undefined) throw this.#failure;
    if (lane.stored.length > 0) await this.#writeSegment(lane);
  }
}

/** Takes the next free number: sessions are dense, so the first one that is not taken is ours or someone else's. */
async function reserve(repository: Repository, options: WriteSessionOptions): Promise<number> {
  const { state, storage, environment, context } = repository;
  const { host, user, clientId, programVersion } = environment;
  const body = encodeSession({
    kind: "backup",
    start: environment.now(),
    host: options.host ?? host,
    user,
    clientId,
    version: programVersion,
  });
  let number = await repository.findSessionHead();
  for (let attempt = 0; attempt < RESERVE_ATTEMPTS_MAX; attempt++) {
    number = attempt === 0 ? number + 1 : (await findHead(storage, "sessions", number)) + 1;
    const name = registerName("sessions", number);
    const object = { type: ObjectType.SESSION, name, epoch: state.epoch, domain: 0 };
    if (await decideRegister(storage, name, sealObject(context, object, body))) return number;
  }
  throw new BcatError("refused", `Cannot reserve a number: ${RESERVE_ATTEMPTS_MAX} were taken by others while trying`);
}
