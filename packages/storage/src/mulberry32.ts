/**
 * Mulberry32, a generator of 32-bit pseudorandom numbers with 32 bits of state, by Tommy Ettinger (public domain):
 * https://gist.github.com/tommyettinger/46a874533244883189143505d203312c. It makes faults and test data that a seed
 * reproduces; it is no source of secrets.
 */

const increment = 0x6d2b79f5;

/** Numbers from 0 up to, not including, 1; the same ones for the same `seed`, of which the low 32 bits count. */
export function createMulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + increment) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
