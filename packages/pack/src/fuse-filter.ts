/**
 * Binary fuse filter, 3-wise, 8-bit fingerprints: "may this id be in this block of a segment?" in about 9.2 bits an id
 * with one false answer in 256 (Graf and Lemire, "Binary Fuse Filters: Fast and Smaller Than Xor Filters", 2022).
 * Bytes and hash functions: docs/format.md section 11.
 *
 *     u32 seed | u8 s | 3 zero | u32 segment count g | (g + 2) * 2^s fingerprints
 *
 * Ids are keyed hashes, so their words serve as hash values after one mixing with the seed.
 */
import { readU32 } from "./read-u32.js";
import { writeU32 } from "./write-u32.js";

export const FILTER_HEADER_SIZE = 12;
const SHIFT_MAX = 16;
/** Tries with other seeds before giving up; few need a second one. */
const ATTEMPTS_MAX = 100;
/** Tries before the filter is made larger. */
const ATTEMPTS_OF_A_SIZE = 3;
/** Ids for each position that one of their three may begin at. Above 0.91 filters of such segments exist by luck only. */
const LOAD_MAX = 0.9;
/** Segments from which on that load counts; few segments hang together differently. */
const CHAINED_MIN = 8;
/** Seeds looked at for one that suits all twins; with one pair in a block, one seed in 256 does. */
const SEEDS_MAX = 2 ** 22;

/** A filter for the sorted 16-byte `ids` (concatenated). @throws RangeError when no seed that was tried makes one */
export function buildFilter(ids: Uint8Array): Uint8Array {
  const twins = findTwins(ids);
  const others = without(ids, twins);
  const count = others.length / 16;
  const { shift, segments } = dimensions(count);
  for (let seed = 1, attempts = 0; seed <= SEEDS_MAX && attempts < ATTEMPTS_MAX; seed++) {
    if (!twins.every((at) => fingerprint(ids, at, seed) === fingerprint(ids, at - 16, seed))) continue;
    // The ids of one block of a large segment agree in their first bits: what their words are mixed to is less even.
    const growth = 1 + 0.05 * Math.floor(attempts++ / ATTEMPTS_OF_A_SIZE);
    const filter = emptyFilter(seed, shift, Math.ceil(segments * growth));
    if (fillFilter(filter, others, count)) return filter;
  }
  throw new RangeError(`Cannot build a filter for ${count} ids: found no seed that suits them`);
}

function emptyFilter(seed: number, shift: number, segments: number): Uint8Array {
  const filter = new Uint8Array(FILTER_HEADER_SIZE + (segments + 2) * 2 ** shift);
  writeU32(filter, 0, seed);
  filter[4] = shift;
  writeU32(filter, 8, segments);
  return filter;
}

/**
 * Offsets of the ids that have the first 8 bytes of the id before them. Their three positions are the same under every
 * seed, so they fit into one filter only where their fingerprints are. A pair is met once in 2^64 pairs of ids.
 */
function findTwins(ids: Uint8Array): number[] {
  const twins: number[] = [];
  for (let at = 16; at < ids.length; at += 16) {
    if (readU32(ids, at) === readU32(ids, at - 16) && readU32(ids, at + 4) === readU32(ids, at - 12)) twins.push(at);
  }
  return twins;
}

function without(ids: Uint8Array, offsets: readonly number[]): Uint8Array {
  const pieces: Uint8Array[] = [];
  let start = 0;
  for (const at of offsets) {
    pieces.push(ids.subarray(start, at));
    start = at + 16;
  }
  return pieces.length === 0 ? ids : Buffer.concat([...pieces, ids.subarray(start)]);
}

/** True when the id (16 bytes at `offset`) may be among those the filter was built for; false: it is not. */
export function filterMayContain(filter: Uint8Array, id: Uint8Array, offset = 0): boolean {
  const length = 1 << filter[4]!;
  return probeFilter(filter, id, offset, 0, readU32(filter, 0), length, readU32(filter, 8) * length);
}

/**
 * The same, of the filter at `start` of `filters`, of which is known what its head says: its seed, the length of its
 * segments, and how many positions may be first. Makes no object.
 */
export function probeFilter(
  filters: Uint8Array,
  id: Uint8Array,
  offset: number,
  start: number,
  seed: number,
  length: number,
  range: number,
): boolean {
  const p0 = firstPlace(readU32(id, offset), seed, range);
  const b = mix(readU32(id, offset + 4) ^ seed);
  const base = start + FILTER_HEADER_SIZE;
  const found =
    filters[base + p0]! ^ filters[base + secondPlace(p0, b, length)]! ^ filters[base + thirdPlace(p0, b, length)]!;
  return found === fingerprint(id, offset, seed);
}

/** Length of the filter at `start` of `bytes`, or undefined when there is none. */
export function filterLength(bytes: Uint8Array, start = 0): number | undefined {
  if (bytes.length - start < FILTER_HEADER_SIZE) return undefined;
  const shift = bytes[start + 4]!;
  if (shift > SHIFT_MAX || bytes[start + 5] !== 0 || bytes[start + 6] !== 0 || bytes[start + 7] !== 0) return undefined;
  const segments = readU32(bytes, start + 8);
  const length = FILTER_HEADER_SIZE + (segments + 2) * 2 ** shift;
  return segments >= 1 && length <= bytes.length - start ? length : undefined;
}

/**
 * Sizes of the paper: segments of 2^(log3.33 n + 2.25), an array of 1.125 n and more for small n. Where that loads the
 * array too much, segments are half as long and twice as many, which takes no more bytes.
 */
function dimensions(count: number): { shift: number; segments: number } {
  if (count < 2) return { shift: 2, segments: 1 };
  const shift = Math.min(SHIFT_MAX, Math.max(2, Math.floor(Math.log(count) / Math.log(3.33) + 2.25)));
  const factor = Math.max(1.125, 0.875 + (0.25 * Math.log(1e6)) / Math.log(count));
  const segmentsOf = (length: number) => Math.max(1, Math.ceil((count * factor) / length) - 2);
  const segments = segmentsOf(2 ** shift);
  if (segments < CHAINED_MIN || count <= LOAD_MAX * segments * 2 ** shift) return { shift, segments };
  return { shift: shift - 1, segments: segmentsOf(2 ** (shift - 1)) };
}

/** The first position, among the `range` ones that may be first, of an id whose first word is `word`. */
function firstPlace(word: number, seed: number, range: number): number {
  return (mix(word ^ seed) * range * 2 ** -32) >>> 0;
}

/** The second, one segment on; `b` is the id's second word, mixed. */
function secondPlace(p0: number, b: number, length: number): number {
  return (p0 + length) ^ (b & (length - 1));
}

function thirdPlace(p0: number, b: number, length: number): number {
  return (p0 + 2 * length) ^ ((b >>> 16) & (length - 1));
}

/** Peels the hypergraph: repeatedly takes a position only one id maps to, then assigns in reverse. */
function fillFilter(filter: Uint8Array, ids: Uint8Array, count: number): boolean {
  const seed = readU32(filter, 0);
  const length = 1 << filter[4]!;
  const range = readU32(filter, 8) * length;
  const prints = filter.subarray(FILTER_HEADER_SIZE);
  const slots = prints.length;
  /** The three positions of each id. */
  const placesOf = new Uint32Array(3 * count);
  const degree = new Uint8Array(slots);
  const xored = new Uint32Array(slots);
  for (let index = 0; index < count; index++) {
    const p0 = firstPlace(readU32(ids, index * 16), seed, range);
    const b = mix(readU32(ids, index * 16 + 4) ^ seed);
    placesOf[3 * index] = p0;
    placesOf[3 * index + 1] = secondPlace(p0, b, length);
    placesOf[3 * index + 2] = thirdPlace(p0, b, length);
    for (let i = 3 * index; i < 3 * index + 3; i++) {
      const slot = placesOf[i]!;
      if (degree[slot]! === 255) return false;
      degree[slot]!++;
      xored[slot]! ^= index;
    }
  }
  const order = new Uint32Array(count);
  const home = new Uint32Array(count);
  const queue = new Uint32Array(slots);
  let queued = 0;
  for (let slot = 0; slot < slots; slot++) if (degree[slot] === 1) queue[queued++] = slot;
  let peeled = 0;
  while (queued > 0) {
    const slot = queue[--queued]!;
    if (degree[slot] !== 1) continue;
    const index = xored[slot]!;
    order[peeled] = index;
    home[peeled++] = slot;
    for (let i = 3 * index; i < 3 * index + 3; i++) {
      const other = placesOf[i]!;
      xored[other]! ^= index;
      if (--degree[other]! === 1) queue[queued++] = other;
    }
  }
  if (peeled < count) return false;
  for (let i = count - 1; i >= 0; i--) {
    const index = order[i]!;
    const others =
      prints[placesOf[3 * index]!]! ^ prints[placesOf[3 * index + 1]!]! ^ prints[placesOf[3 * index + 2]!]!;
    const slot = home[i]!;
    prints[slot] = prints[slot]! ^ others ^ fingerprint(ids, index * 16, seed);
  }
  return true;
}

function fingerprint(ids: Uint8Array, offset: number, seed: number): number {
  return mix(readU32(ids, offset + 8) ^ seed) & 255;
}

/** The 32-bit finalizer of MurmurHash3 (Appleby, public domain). */
function mix(x: number): number {
  x ^= x >>> 16;
  x = Math.imul(x, 0x85ebca6b);
  x ^= x >>> 13;
  x = Math.imul(x, 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}
