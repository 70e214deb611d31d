/**
 * Frames that lie together in one pack, sealed, and the chunks in them: a shared frame with its small chunks, or the
 * frames of one large chunk. A group is all that laying frames down takes, so it goes from thread to thread, or from
 * pack to pack, without being opened.
 *
 * In one region of memory it lies as follows; this never leaves the process, so numbers are in the machine's order.
 *
 *     u32 frames f | u32 chunks c | u32 sealed bytes n | key: u32 kind | u32 epoch | u32 domain | 32 encapsulation
 *     u32 stored length * f | u32 plain length * f | u32 offset * c | u32 length * c
 *     salt 16 * f | id 16 * c | u8 codec * f | to a multiple of 8 | n sealed bytes | to a multiple of 8
 */
import { type ChunkTable, ID_PREFIX_SIZE } from "./directory.js";
import { FRAME_OVERHEAD, type KeyEntry } from "./tables.js";

/** Plaintext of a frame, bytes: the target of shared frames, the maximum of the pieces of a large chunk. */
export const FRAME_TARGET_SIZE = 512 * 1024;
/** Most chunks of a shared frame, so that a group has a size that can be relied on. */
export const SHARED_CHUNKS_MAX = 16_384;
export const FRAME_SALT_SIZE = 16;

const ENCAPSULATION_SIZE = 32;
const HEAD_WORDS = 6;
const HEAD_SIZE = HEAD_WORDS * 4 + ENCAPSULATION_SIZE;
const FRAME_SIZE = 4 + 4 + FRAME_SALT_SIZE + 1;
const CHUNK_SIZE = 4 + 4 + ID_PREFIX_SIZE;

/** Frames in parallel columns, in the order of their bytes. Stored lengths include the tag. */
export interface FrameColumns {
  readonly count: number;
  readonly codecs: Uint8Array;
  /** 16 bytes a frame. */
  readonly salts: Uint8Array;
  readonly storedLengths: Uint32Array;
  readonly plainLengths: Uint32Array;
}

export interface FrameGroup {
  readonly key: KeyEntry;
  readonly frames: FrameColumns;
  /** The sealed bytes of all frames, one after another. */
  readonly bytes: Uint8Array;
  /** Offsets count in the plaintext of the group. */
  readonly chunks: ChunkTable;
}

/** Bytes of a group in one region. */
export function frameGroupSize(group: FrameGroup): number {
  return sizeOf(group.frames.count, group.chunks.count, group.bytes.length);
}

/** The largest size of a group that is built from chunks of at most `chunkSizeMax` bytes. */
export function frameGroupSizeMax(chunkSizeMax: number): number {
  const frames = Math.ceil(chunkSizeMax / FRAME_TARGET_SIZE);
  const own = sizeOf(frames, 1, chunkSizeMax + frames * FRAME_OVERHEAD);
  const shared = sizeOf(1, SHARED_CHUNKS_MAX, FRAME_TARGET_SIZE + FRAME_OVERHEAD);
  return Math.max(own, shared);
}

function sizeOf(frames: number, chunks: number, bytes: number): number {
  return align(HEAD_SIZE + frames * FRAME_SIZE + chunks * CHUNK_SIZE) + align(bytes);
}

/**
 * Writes a group to the start of `target`, which begins at a multiple of 4 of its buffer, and returns its size.
 *
 * @throws RangeError before anything is written, when `target` is too small or begins elsewhere
 */
export function encodeFrameGroup(group: FrameGroup, target: Uint8Array): number {
  const { key, frames, chunks, bytes } = group;
  const size = frameGroupSize(group);
  if (target.length < size) throw new RangeError(`Cannot write frames: ${size} bytes into ${target.length}`);
  const region = new Region(target);
  region.words(HEAD_WORDS).set([frames.count, chunks.count, bytes.length, key.kind, key.epoch, key.domain]);
  region.bytes(ENCAPSULATION_SIZE).set(key.encapsulation);
  region.words(frames.count).set(frames.storedLengths);
  region.words(frames.count).set(frames.plainLengths);
  region.words(chunks.count).set(chunks.offsets);
  region.words(chunks.count).set(chunks.lengths);
  region.bytes(frames.count * FRAME_SALT_SIZE).set(frames.salts);
  region.bytes(chunks.count * ID_PREFIX_SIZE).set(chunks.ids);
  region.bytes(frames.count).set(frames.codecs);
  region.align();
  region.bytes(bytes.length).set(bytes);
  return size;
}

/**
 * The group that {@link encodeFrameGroup} wrote to the start of `source`: views on it, but for the key.
 *
 * @throws RangeError when `source` ends before the group does
 */
export function decodeFrameGroup(source: Uint8Array): FrameGroup {
  const region = new Region(source);
  const [frameCount = 0, chunkCount = 0, length = 0, kind = 0, epoch = 0, domain = 0] = region.words(HEAD_WORDS);
  const size = sizeOf(frameCount, chunkCount, length);
  if (source.length < size) throw new RangeError(`Cannot read frames: ${size} bytes from ${source.length}`);
  const encapsulation = region.bytes(ENCAPSULATION_SIZE).slice();
  const storedLengths = region.words(frameCount);
  const plainLengths = region.words(frameCount);
  const offsets = region.words(chunkCount);
  const lengths = region.words(chunkCount);
  const salts = region.bytes(frameCount * FRAME_SALT_SIZE);
  const ids = region.bytes(chunkCount * ID_PREFIX_SIZE);
  const codecs = region.bytes(frameCount);
  region.align();
  return {
    key: { kind, epoch, domain, encapsulation },
    frames: { count: frameCount, codecs, salts, storedLengths, plainLengths },
    bytes: region.bytes(length),
    chunks: { count: chunkCount, ids, offsets, lengths },
  };
}

function align(length: number): number {
  return Math.ceil(length / 8) * 8;
}

/** Hands out one view behind another. Words come before all that is not a multiple of 4 bytes. */
class Region {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    if (bytes.byteOffset % 4 !== 0)
      throw new RangeError(`Cannot use memory for frames: it begins at ${bytes.byteOffset}, not at a multiple of 4`);
    if (bytes.length < HEAD_SIZE)
      throw new RangeError(`Cannot use memory for frames: ${bytes.length} bytes are below the minimum ${HEAD_SIZE}`);
    this.#bytes = bytes;
  }

  words(count: number): Uint32Array {
    const view = new Uint32Array(this.#bytes.buffer, this.#bytes.byteOffset + this.#offset, count);
    this.#offset += 4 * count;
    return view;
  }

  /** What comes next begins at a multiple of 8, for V8 copies to shared memory byte by byte otherwise. */
  align(): void {
    this.#offset = align(this.#offset);
  }

  bytes(length: number): Uint8Array {
    const start = this.#offset;
    this.#offset += length;
    return this.#bytes.subarray(start, this.#offset);
  }
}
