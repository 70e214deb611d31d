import type { Blake3 } from "./blake3.js";

/** The source of randomness: `length` fresh, unpredictable bytes. The command line passes that of the system. */
export type Random = (length: number) => Uint8Array;

const SEED_LENGTH = 32;

/**
 * 32 fresh bytes for what must differ between any two contents: salts, and the names of objects (`docs/format.md`
 * sections 2 and 4). The content takes part, so that a machine that is resumed twice from one image, and draws the same
 * random bytes twice, still does not seal two contents with one key.
 */
export function freshBytes(blake3: Blake3, random: Random, content: Uint8Array): Uint8Array {
  return blake3.hash(random(SEED_LENGTH), content);
}
