import type { Blake3, Gcm, Random, RepositoryKeys } from "@bcat/crypto";
import type { Zstd } from "./zstd.js";

/** What packs and segments are made and read with: the keys of one repository, and the primitives in use. */
export interface PackContext {
  readonly keys: RepositoryKeys;
  readonly blake3: Blake3;
  readonly zstd: Zstd;
  /** Of frames and of pages of the index; without it `node:crypto` does. Everything else is small enough for that. */
  readonly gcm?: Gcm | undefined;
  readonly random: Random;
}
