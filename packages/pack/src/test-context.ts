/** A context with fixed keys and seeded randomness, for tests only. */
import { loadBlake3, loadGcm, RepositoryKeys } from "@bcat/crypto";
import { createMulberry32 } from "@bcat/storage";
import type { PackContext } from "./context.js";
import { loadZstd } from "./zstd.js";

export async function createTestContext(mode: "off" | "auto" = "auto", seed = 1): Promise<PackContext> {
  const next = createMulberry32(seed);
  const random = (length: number) => {
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; i++) bytes[i] = Math.floor(next() * 256);
    return bytes;
  };
  const keys = new RepositoryKeys(new Uint8Array(32).fill(7), new Uint8Array(16).fill(9));
  return { keys, blake3: loadBlake3(mode), zstd: await loadZstd(mode), gcm: loadGcm(mode), random };
}
