import type { Blake3, Random, RepositoryKeys } from "@bcat/crypto";
import type { Zstd } from "./zstd.js";

/** What packs and segments are made and read with: the keys of one repository, and the primitives in use. */
export interface PackContext {
  readonly keys: RepositoryKeys;
  readonly blake3: Blake3;
  readonly zstd: Zstd;
  readonly random: Random;
}
