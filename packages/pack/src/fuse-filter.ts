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

export const FILTER_HEADER_SIZE = 12;
const SHIFT_MAX = 16;
/** Tries with other seeds before giving up; one try fails about once in a thousand. */
const ATTEMPTS_MAX = 100;
/** Seeds looked at for one that suits all twins; with one pair in a block, one seed in 256 does. */
const SEEDS_MAX = 2 ** 22;

/** A filter for the sorted 16-byte `ids` (concatenated). @throws RangeError when no seed that was tried makes one */
export function buildFilter(ids: Uint8Array): Uint8Array {
  const twins = findTwins(ids);
  const others = without(ids, twins);
  const count = others.length / 16;
  const words = new DataView(others.buffer, others.byteOffset, others.byteLength);
  const { shift, segments } = dimensions(count);
  for (let seed = 1, attempts = 0; seed <= SEEDS_MAX && attempts < ATTEMPTS_MAX; seed++) {
    if (!twins.every((at) => fingerprint(ids, at, seed) === fingerprint(ids, at - 16, seed))) continue;
    attempts++;
    const filter = new Uint8Array(FILTER_HEADER_SIZE + (segments + 2) * 2 ** shift);
    const view = new DataView(filter.buffer);
    view.setUint32(0, seed, true);
    filter[4] = shift;
    view.setUint32(8, segments, true);
    if (fillFilter(filter, words, count)) return filter;
  }
  throw new RangeError(`Cannot build a filter for ${count} ids: found no seed that suits them`);
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
  const view = new DataView(filter.buffer, filter.byteOffset, FILTER_HEADER_SIZE);
  const probe = createProbe(view.getUint32(0, true), filter[4]!, view.getUint32(8, true));
  probe.set(readU32(id, offset), readU32(id, offset + 4));
  const found =
    filter[FILTER_HEADER_SIZE + probe.p0]! ^
    filter[FILTER_HEADER_SIZE + probe.p1]! ^
    filter[FILTER_HEADER_SIZE + probe.p2]!;
  return found === fingerprint(id, offset, probe.seed);
}

/** Length of the filter at the head of `bytes`, or undefined when it is none. */
export function filterLength(bytes: Uint8Array): number | undefined {
  if (bytes.length < FILTER_HEADER_SIZE) return undefined;
  const shift = bytes[4]!;
  if (shift > SHIFT_MAX || bytes[5] !== 0 || bytes[6] !== 0 || bytes[7] !== 0) return undefined;
  const segments = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(8, true);
  const length = FILTER_HEADER_SIZE + (segments + 2) * 2 ** shift;
  return segments >= 1 && length <= bytes.length ? length : undefined;
}

/** Sizes of the paper: segments of 2^(log3.33 n + 2.25), an array of 1.125 n and more for small n. */
function dimensions(count: number): { shift: number; segments: number } {
  if (count < 2) return { shift: 2, segments: 1 };
  const shift = Math.min(SHIFT_MAX, Math.max(2, Math.floor(Math.log(count) / Math.log(3.33) + 2.25)));
  const factor = Math.max(1.125, 0.875 + (0.25 * Math.log(1e6)) / Math.log(count));
  const segments = Math.max(1, Math.ceil((count * factor) / 2 ** shift) - 2);
  return { shift, segments };
}

interface Probe {
  readonly seed: number;
  p0: number;
  p1: number;
  p2: number;
  set(w0: number, w1: number): void;
}

function createProbe(seed: number, shift: number, segments: number): Probe {
  const length = 2 ** shift;
  const mask = length - 1;
  const range = segments * length;
  return {
    seed,
    p0: 0,
    p1: 0,
    p2: 0,
    set(w0, w1) {
      const b = mix(w1 ^ seed);
      this.p0 = Math.floor((mix(w0 ^ seed) * range) / 2 ** 32);
      this.p1 = (this.p0 + length) ^ (b & mask);
      this.p2 = (this.p0 + 2 * length) ^ ((b >>> 16) & mask);
    },
  };
}

/** Peels the hypergraph: repeatedly takes a position only one id maps to, then assigns in reverse. */
function fillFilter(filter: Uint8Array, words: DataView, count: number): boolean {
  const view = new DataView(filter.buffer);
  const probe = createProbe(view.getUint32(0, true), filter[4]!, view.getUint32(8, true));
  const slots = filter.length - FILTER_HEADER_SIZE;
  const degree = new Uint8Array(slots);
  const xored = new Uint32Array(slots);
  const place = (index: number) => probe.set(words.getUint32(index * 16, true), words.getUint32(index * 16 + 4, true));
  for (let index = 0; index < count; index++) {
    place(index);
    for (const slot of [probe.p0, probe.p1, probe.p2]) {
      if (degree[slot]! === 255) return false;
      degree[slot]!++;
      xored[slot]! ^= index;
    }
  }
  const order = new Uint32Array(count);
  const home = new Uint32Array(count);
  const queue: number[] = [];
  for (let slot = 0; slot < slots; slot++) if (degree[slot] === 1) queue.push(slot);
  let peeled = 0;
  while (queue.length > 0) {
    const slot = queue.pop()!;
    if (degree[slot] !== 1) continue;
    const index = xored[slot]!;
    order[peeled] = index;
    home[peeled++] = slot;
    place(index);
    for (const other of [probe.p0, probe.p1, probe.p2]) {
      xored[other]! ^= index;
      if (--degree[other]! === 1) queue.push(other);
    }
  }
  if (peeled < count) return false;
  for (let i = count - 1; i >= 0; i--) {
    const index = order[i]!;
    place(index);
    const print = mix(words.getUint32(index * 16 + 8, true) ^ probe.seed) & 255;
    const base = FILTER_HEADER_SIZE;
    const others = filter[base + probe.p0]! ^ filter[base + probe.p1]! ^ filter[base + probe.p2]!;
    filter[base + home[i]!] = filter[base + home[i]!]! ^ others ^ print;
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
