/** Chunks of data become frames in the thread that has read them, unless somebody has stored or claimed them before. */
import type { KeyedHash } from "@bcat/crypto";
import { type ChunkClaims, type ChunkIndex, DATA, type FrameBuilder } from "@bcat/pack";

export class ChunkMaker {
  readonly #idHash: KeyedHash;
  readonly #claims: ChunkClaims;
  readonly #builder: FrameBuilder;
  readonly #id = new Uint8Array(32);
  /** Where chunks are that were stored before; replaced when more of them are known. */
  indexes: readonly ChunkIndex[];

  constructor(parts: {
    idHash: KeyedHash;
    claims: ChunkClaims;
    builder: FrameBuilder;
    indexes: readonly ChunkIndex[];
  }) {
    this.#idHash = parts.idHash;
    this.#claims = parts.claims;
    this.#builder = parts.builder;
    this.indexes = parts.indexes;
  }

  /** The id of the chunk, which is stored unless it is; valid until the next call. */
  store(bytes: Uint8Array): Uint8Array {
    this.#idHash.hashInto(bytes, this.#id, 0);
    for (const index of this.indexes) if (index.has(DATA, this.#id)) return this.#id;
    if (this.#claims.claim(this.#id)) this.#builder.add(this.#id, bytes);
    return this.#id;
  }
}
