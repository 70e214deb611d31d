/**
 * An open repository: its keys, its config, what is known of it, and how chunks and outcomes are read from it. Several
 * callers may use one at the same time; at most one of them may have a session open.
 */

import { type ChunkerSettings, decodeGear } from "@bcat/chunker";
import { hkdf, type KeyedHash, ObjectType, openObject } from "@bcat/crypto";
import type { BcatError } from "@bcat/errors";
import type { BlobKind, ChunkIndex, PackContext } from "@bcat/pack";
import { type ArchivedObjects, createAbortableStorage, type Storage } from "@bcat/storage";
import type { ConfigBody } from "./bodies/config.js";
import { decodeOutcome, type Outcome } from "./bodies/outcome.js";
import type { WantedChunks } from "./bulk-plan.js";
import { BulkReader, type ChunkVisitor } from "./bulk-reader.js";
import { ChunkReader } from "./chunk-reader.js";
import type { Environment } from "./environment.js";
import type { FirstSeen } from "./first-seen.js";
import type { History, HistoryRefreshOptions } from "./history.js";
import type { IndexStore } from "./index-store.js";
import type { KeptScans } from "./kept-scans.js";
import type { KeptTrees } from "./kept-trees.js";
import type { LocalIndex } from "./local-index.js";
import { sealManifest } from "./manifest.js";
import type { OneAtATime } from "./one-at-a-time.js";
import type { Outbox } from "./outbox.js";
import type { Places } from "./places.js";
import { isOfObject } from "./reachable.js";
import { readAndOpen } from "./read-again.js";
import { registerName } from "./registers.js";
import type { Standing } from "./standing.js";

const GEAR_SIZE = 1024;

/** What a repository is made of; all views of one share it, but for the storage. */
export interface RepositoryParts {
  readonly storage: Storage;
  readonly environment: Environment;
  readonly context: PackContext;
  readonly config: ConfigBody;
  readonly history: History;
  readonly index: LocalIndex;
  readonly store: IndexStore;
  readonly places: Places;
  readonly standing: Standing;
  readonly firstSeen: FirstSeen;
  readonly keptScans: KeptScans;
  /** Undefined where the storage is as near, or is to be asked. */
  readonly keptTrees?: KeptTrees | undefined;
  /** Bytes of opened frames that single reads keep in memory, if not as many as usual. */
  readonly framesSizeMax?: number;
  /** Hashes that make the ids of chunks. */
  readonly idHash: Readonly<Record<BlobKind, KeyedHash>>;
  /** Hash for names: boundaries in directories, digests of scans. */
  readonly nameHash: KeyedHash;
  /** What changes the history or the index runs here. */
  readonly changes: OneAtATime;
  readonly session: { isOpen: boolean };
  /** What earlier runs have sent to a place for one writer. */
  readonly outbox?: Outbox;
  /** What is to be closed with the repository: registers that live elsewhere. */
  readonly registers?: AsyncDisposable;
}

/** For this package: the parts, whose changes must go through `changes`. */
export let partsOf: (repository: Repository) => RepositoryParts;

export class Repository implements AsyncDisposable {
  readonly #parts: RepositoryParts;
  readonly #reader: ChunkReader;

  static {
    partsOf = (repository) => repository.#parts;
  }

  /** For `openRepository`. */
  constructor(parts: RepositoryParts) {
    this.#parts = parts;
    const { keptTrees, framesSizeMax } = parts;
    this.#reader = new ChunkReader({ ...this.#readerParts(), keptTrees, framesSizeMax });
  }

  get environment(): Environment {
    return this.#parts.environment;
  }

  get context(): PackContext {
    return this.#parts.context;
  }

  get config(): ConfigBody {
    return this.#parts.config;
  }

  get idHash(): Readonly<Record<BlobKind, KeyedHash>> {
    return this.#parts.idHash;
  }

  get nameHash(): KeyedHash {
    return this.#parts.nameHash;
  }

  /** What was read of sessions, outcomes and the log. */
  get history(): History {
    return this.#parts.history;
  }

  /** Scan streams in the cache. */
  get keptScans(): KeptScans {
    return this.#parts.keptScans;
  }

  /** When this client has first met each snapshot. */
  get firstSeen(): FirstSeen {
    return this.#parts.firstSeen;
  }

  /** Whether it is older than this client has seen it, here or elsewhere. Then it is only read. */
  get standing(): Standing {
    return this.#parts.standing;
  }

  /** 16 bytes. */
  get id(): Uint8Array {
    return this.context.keys.repositoryId;
  }

  get chunker(): ChunkerSettings {
    return this.config.chunker;
  }

  /** The gear table of this repository (docs/format.md section 12.3). */
  gear(): Uint32Array {
    const key = this.context.keys.derive("chunker", 0, 0);
    return decodeGear(hkdf(key, new Uint8Array(0), "bcat/1/gear", GEAR_SIZE));
  }

  /** This repository, with every call to the storage ended when `signal` is aborted (BcatError interrupted). */
  withSignal(signal: AbortSignal | undefined): Repository {
    return signal === undefined ? this : this.withStorage(createAbortableStorage(this.#parts.storage, signal));
  }

  /** This repository, with what turns out to be archived noted, and asked for only once. */
  withArchived(archived: ArchivedObjects | undefined): Repository {
    return archived === undefined ? this : this.withStorage(archived.watch(this.#parts.storage));
  }

  /** This repository, seen through another storage of the same objects. */
  withStorage(storage: Storage): Repository {
    return new Repository({ ...this.#parts, storage });
  }

  /** This repository, with so many bytes of opened frames kept in memory: for whoever comes back to trees of many packs. */
  withFrames(framesSizeMax: number): Repository {
    return new Repository({ ...this.#parts, framesSizeMax });
  }

  /** This repository, with every tree read from the storage: for whoever wants to know what is there. */
  withoutKeptTrees(): Repository {
    return new Repository({ ...this.#parts, keptTrees: undefined });
  }

  /**
   * Reads what is new of the history, for reading: damage is noted in `history.problems`, not thrown.
   *
   * @throws BcatError newer-format, identity-changed; StorageError
   */
  async refresh(options: Pick<HistoryRefreshOptions, "trustHead"> = {}): Promise<void> {
    const { changes, history, storage } = this.#parts;
    await changes.run(async () => {
      await history.refresh(storage, { ...options, strict: false });
      saveManifest(this.#parts);
    });
  }

  /** Where the chunks are that committed outcomes name, as of the last refresh. Damage is noted, not thrown. */
  async index(): Promise<ChunkIndex> {
    const { index, history } = this.#parts;
    if (!index.isCurrent(history)) await this.#parts.changes.run(() => updateIndex(this.#parts, { strict: false }));
    return index.chunks;
  }

  /** True when an error of the storage tells of one object, and not of a storage that is gone, or of this process. */
  async isOfObject(error: BcatError): Promise<boolean> {
    return await isOfObject(this.#parts.storage, error);
  }

  /** How session `number` ended; undefined while it has not. @throws CorruptError, BcatError newer-format */
  async readOutcome(number: number): Promise<Outcome | undefined> {
    const known = this.history.readAlready(number);
    if (known !== undefined) return known;
    const name = registerName("outcomes", number);
    return await readAndOpen(
      () => this.#parts.storage.get(name),
      (bytes) => decodeOutcome(openObject(this.context.keys, { type: ObjectType.OUTCOME, name }, bytes).body, name),
    );
  }

  /** The plaintext of a chunk, in memory that may be shared with later calls only for reading. @throws CorruptError */
  async readChunk(kind: BlobKind, id: Uint8Array): Promise<Uint8Array> {
    await this.index();
    return await this.#reader.read(kind, id);
  }

  /** Reads many chunks in the order in which they lie. */
  async readChunks(wanted: WantedChunks, visitor: ChunkVisitor): Promise<void> {
    await this.index();
    await this.bulkReader().read(wanted, visitor);
  }

  /** For whoever reads many chunks again and again, of the {@link index} as it is now, and opens itself what the storage gives. */
  bulkReader(): BulkReader {
    return new BulkReader({ ...this.#readerParts(), reader: this.#reader });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#parts.index[Symbol.dispose]();
    await this.#parts.registers?.[Symbol.asyncDispose]();
  }

  #readerParts() {
    const { context, storage, idHash, index, history } = this.#parts;
    const state = { index: index.chunks, problems: history.problems };
    return { context, storage, idHash, state, catchUp: () => this.#catchUp() };
  }

  async #catchUp(): Promise<void> {
    await this.refresh();
    await this.index();
  }
}

/** Reads what is new of the log, the sessions to their head and the outcomes, and brings the index up to it. */
export async function catchUpStrictly(parts: RepositoryParts): Promise<void> {
  await parts.changes.run(async () => {
    await parts.history.refresh(parts.storage, { strict: true });
    await updateIndex(parts, { strict: true });
  });
}

/** Brings the index up to what the history knows, and remembers both on disk. To be run in `changes`. */
export async function updateIndex(parts: RepositoryParts, options: { readonly strict: boolean }): Promise<void> {
  const { index, history, storage } = parts;
  // While segments are read, more may become known of the history.
  while (!index.isCurrent(history)) await index.update(history, storage, options);
  saveManifest(parts);
}

/** Remembers on disk what is known, for the next process. Nothing that is damaged: the next process is to see that too. */
export function saveManifest({ context, environment, history, index, store, places }: RepositoryParts): void {
  if (!history.isChanged || history.problems.length > 0 || !index.isKept) return;
  const runs = index.names();
  const bytes = sealManifest(context, { ...history.export(), runs });
  if (bytes === undefined) return;
  places.note();
  store.writeManifest(bytes, new Set(runs), environment.now());
  history.isChanged = false;
}
