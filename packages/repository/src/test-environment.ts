/** A seeded environment without a cache, for tests only. */
import { loadBlake3 } from "@bcat/crypto";
import { loadZstd } from "@bcat/pack";
import { createMulberry32 } from "@bcat/storage";
import type { Environment } from "./environment.js";

export async function createTestEnvironment(
  changes: Partial<Environment> & { seed?: number } = {},
): Promise<Environment> {
  const { seed = 1, ...others } = changes;
  const next = createMulberry32(seed);
  return {
    random: (length) => Uint8Array.from({ length }, () => next() * 256),
    now: () => 1,
    host: "h",
    user: "u",
    zone: "UTC",
    clientId: new Uint8Array(16),
    programVersion: "test",
    cacheDirectory: undefined,
    location: "memory",
    blake3: loadBlake3("auto"),
    zstd: await loadZstd("auto"),
    ...others,
  };
}
