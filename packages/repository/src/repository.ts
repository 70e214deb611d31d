/** An open repository: its keys, its config, what is known of it, and how chunks and outcomes are read from it. */

import { type ChunkerSettings, decodeGear } from "@bcat/chunker";
import { hkdf, type KeyedHash, ObjectType, openObject, type RepositoryKeys } from "@bcat/crypto";
import { type BlobKind, DATA, idLabel, type PackContext, TREE } from "@bcat/pack";
import type { Storage } from "@bcat/storage";
import type { ConfigBody } from "./bodies/config.js";
import { decodeOutcome, type Outcome } from "./bodies/outcome.js";
import { BulkReader, type ChunkVisitor, type WantedChunks } from "./bulk-reader.js";
import { ChunkReader } from "./chunk-reader.js";
import type { Environment } from "./environment.js";
import { findHead, refuseHole, registerName } from "./registers.js";
import type { RepositoryState } from "./state.js";

const GEAR_SIZE = 1024;

export class Repository implements AsyncDisposable {
  readonly storage: Storage;
  readonly environment: Environment;
  readonly keys: RepositoryKeys;
  readonly context: PackContext;
  readonly config: ConfigBody;
  readonly state: RepositoryState;
  /** Hashes that make the ids of chunks. */
  readonly idHash: Readonly<Record<BlobKind, KeyedHash>>;
  /** Hash for names: boundaries in directories, digests of scans. */
  readonly nameHash: KeyedHash;
  readonly #reader: ChunkReader;

  /** For `openRepository` and `initRepository`. */
  constructor(parts: {
    storage: Storage;
    environment: Environment;
    context: PackContext;
    config: ConfigBody;
    state: RepositoryState;
  }) {
    const { storage, environment, context, config, state } = parts;
    this.storage = storage;
    this.environment = environment;
    this.keys = context.keys;
    this.context = context;
    this.config = config;
    this.state = state;
    const hash = (kind: BlobKind) => context.blake3.keyed(context.keys.derive(idLabel(kind), 0, 0));
    this.idHash = { [DATA]: hash(DATA), [TREE]: hash(TREE) };
    this.nameHash = context.blake3.keyed(context.keys.derive("name", 0, 0));
    this.#reader = new ChunkReader({ context, storage, state, idHash: this.idHash });
  }

  /** 16 bytes. */
  get id(): Uint8Array {
    return this.keys.repositoryId;
  }

  get chunker(): ChunkerSettings {
    return this.config.chunker;
  }

  /** The gear table of this repository (docs/format.md section 12.3). */
  gear(): Uint32Array {
    const key = this.keys.derive("chunker", 0, 0);
    return decodeGear(hkdf(key, new Uint8Array(0), "bcat/1/gear", GEAR_SIZE));
  }

  /** Brings what is known up to date, for reading: damage is noted in `state.problems`, not thrown. */
  async refresh(): Promise<void> {
    await this.state.refresh({ strict: false });
    this.state.save(this.environment.now());
  }

  /** Highest session number, from what is known or from the storage. @throws BcatError identity-changed */
  async findSessionHead(): Promise<number> {
    if (this.state.sessionHead > 0) return this.state.sessionHead;
    const head = await findHead(this.storage, "sessions", 0);
    await refuseHole(this.storage, head);
    return head;
  }

  /** How session `number` ended; undefined while it has not. @throws CorruptError, BcatError newer-format */
  async readOutcome(number: number): Promise<Outcome | undefined> {
    const name = registerName("outcomes", number);
    const bytes = await this.storage.get(name);
    if (bytes === undefined) return undefined;
    return decodeOutcome(openObject(this.keys, { type: ObjectType.OUTCOME, name }, bytes).body, name);
  }

  /** The plaintext of a chunk, in memory that may be shared with later calls only for reading. @throws CorruptError */
  async readChunk(kind: BlobKind, id: Uint8Array): Promise<Uint8Array> {
    return await this.#reader.read(kind, id);
  }

  /** Reads many chunks in the order in which they lie. */
  async readChunks(wanted: WantedChunks, visitor: ChunkVisitor): Promise<void> {
    const { context, storage, state, idHash } = this;
    await new BulkReader({ context, storage, state, idHash, reader: this.#reader }).read(wanted, visitor);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.state[Symbol.dispose]();
  }
}
