/**
 * The directory of a pack and the trailer behind it (docs/format.md section 10).
 *
 *     u8 version | u8 kind of chunks | u16 keys k | u32 frames f | u32 chunks c | k * 44 | f * 28 | c * 24
 *     chunk: 16 bytes of the id | u32 offset | u32 length          offsets count in the stream of all frames
 *
 *     trailer: 16 header | 32 salt | u32 sealed directory length | 12 zero | 32 BLAKE3 of all before
 *
 * The directory is behind the frames because it is known last, and at the very end of the object because one ranged
 * get then finds it. The hash in the trailer is unkeyed so that a scrubber without keys finds rot.
 */

import {
  decodeHeader,
  decodePaddedBody,
  encodeHeader,
  encodePaddedBody,
  hkdf,
  type IncrementalHash,
  ObjectType,
  openGcm,
  sealGcm,
  ZERO_NONCE,
} from "@bcat/crypto";
import { BcatError, CorruptError } from "@bcat/errors";
import { type BlobKind, isBlobKind } from "./blob-kind.js";
import type { PackContext } from "./context.js";
import { decodeTables, encodeTables, FRAMES_MAX, type FrameTables, tablesSize } from "./tables.js";

const FIXED_SIZE = 12;
const CHUNK_ENTRY_SIZE = 24;
export const ID_PREFIX_SIZE = 16;
export const TRAILER_SIZE = 96;
/** Of the trailer, at its end. */
const HASH_SIZE = 32;
const HASH_OFFSET = TRAILER_SIZE - HASH_SIZE;
export const CHUNKS_MAX = 131_072;
export const STREAM_MAX = 2 ** 30;
export const PACK_SIZE_MAX = 96 * 2 ** 20;
const DIRECTORY_SIZE_MAX = 16 * 2 ** 20;
const OBJECT_ALIGNMENT = 4096;
const DIRECTORY_INFO = "bcat/1/directory";

/** Where the chunks of a pack lie in its stream: parallel columns, sorted by offset. */
export interface ChunkTable {
  readonly count: number;
  /** 16 bytes a chunk. */
  readonly ids: Uint8Array;
  readonly offsets: Uint32Array;
  readonly lengths: Uint32Array;
}

/** The first 16 bytes of the id of chunk `i`; a view. */
export function chunkId(chunks: ChunkTable, i: number): Uint8Array {
  return chunks.ids.subarray(i * ID_PREFIX_SIZE, (i + 1) * ID_PREFIX_SIZE);
}

export interface Directory extends FrameTables {
  readonly kind: BlobKind;
  readonly epoch: number;
  readonly domain: number;
  readonly chunks: ChunkTable;
}

export function encodeDirectory(directory: Directory): Uint8Array {
  const { keys, frames, chunks } = directory;
  const body = new Uint8Array(FIXED_SIZE + tablesSize(keys.length, frames.length) + chunks.count * CHUNK_ENTRY_SIZE);
  const view = new DataView(body.buffer);
  body[0] = 1;
  body[1] = directory.kind;
  view.setUint16(2, keys.length, true);
  view.setUint32(4, frames.length, true);
  view.setUint32(8, chunks.count, true);
  let offset = encodeTables(directory, body, FIXED_SIZE);
  for (let i = 0; i < chunks.count; i++, offset += CHUNK_ENTRY_SIZE) {
    body.set(chunkId(chunks, i), offset);
    view.setUint32(offset + 16, chunks.offsets[i]!, true);
    view.setUint32(offset + 20, chunks.lengths[i]!, true);
  }
  return body;
}

/** @throws CorruptError naming `object`; BcatError newer-format */
export function decodeDirectory(
  body: Uint8Array,
  pack: { object: string; epoch: number; domain: number; directoryOffset: number },
): Directory {
  const { object, epoch, domain } = pack;
  if (body.length < FIXED_SIZE) throw damaged(object, `directory of ${body.length} bytes`);
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  if (body[0] !== 1) {
    throw new BcatError("newer-format", `Cannot read pack "${object}": directory version ${body[0]}, known is 1`);
  }
  const kind = view.getUint8(1);
  const keyCount = view.getUint16(2, true);
  const frameCount = view.getUint32(4, true);
  const count = view.getUint32(8, true);
  if (!isBlobKind(kind)) throw damaged(object, `chunks of kind ${kind}`);
  if (frameCount > FRAMES_MAX) throw damaged(object, `${frameCount} frames, allowed are ${FRAMES_MAX}`);
  if (count > CHUNKS_MAX) throw damaged(object, `${count} chunks, allowed are ${CHUNKS_MAX}`);
  const expected = FIXED_SIZE + tablesSize(keyCount, frameCount) + count * CHUNK_ENTRY_SIZE;
  if (body.length !== expected) throw damaged(object, `directory of ${body.length} bytes, not ${expected}`);
  const { keys, table, frames } = decodeTables(body, { offset: FIXED_SIZE, keyCount, frameCount, object });
  const { storedSize: stored, streamSize: stream } = table;
  if (stored !== pack.directoryOffset)
    throw damaged(object, `frames of ${stored} bytes before a directory at ${pack.directoryOffset}`);
  if (stream > STREAM_MAX) throw damaged(object, `stream of ${stream} bytes, allowed are ${STREAM_MAX}`);
  const chunks = decodeChunks(body, { offset: expected - count * CHUNK_ENTRY_SIZE, count, stream, object });
  return { kind, epoch, domain, keys, frames, chunks };
}

function decodeChunks(
  body: Uint8Array,
  place: { offset: number; count: number; stream: number; object: string },
): ChunkTable {
  const { count, stream, object } = place;
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const ids = new Uint8Array(count * ID_PREFIX_SIZE);
  const offsets = new Uint32Array(count);
  const lengths = new Uint32Array(count);
  let end = 0;
  for (let i = 0, at = place.offset; i < count; i++, at += CHUNK_ENTRY_SIZE) {
    ids.set(body.subarray(at, at + ID_PREFIX_SIZE), i * ID_PREFIX_SIZE);
    const offset = view.getUint32(at + 16, true);
    const length = view.getUint32(at + 20, true);
    if (offset < end || length === 0 || offset + length > stream) {
      throw damaged(object, `chunk ${i} at ${offset} with ${length} bytes, in a stream of ${stream} after ${end}`);
    }
    offsets[i] = offset;
    lengths[i] = length;
    end = offset + length;
  }
  return { count, ids, offsets, lengths };
}

/**
 * Sealed directory and trailer, as they stand behind `frames`: their length, and the hash that they have been fed to, which
 * is ended here. `body` is the encoded directory. Zeros fill it until the object's size is a multiple of 4,096.
 */
export function sealTail(
  context: PackContext,
  pack: { name: string; epoch: number; domain: number; salt: Uint8Array; body: Uint8Array },
  frames: { length: number; hash: IncrementalHash },
): Uint8Array {
  const { epoch, domain, body } = pack;
  const unpadded = frames.length + 4 + body.length + 16 + TRAILER_SIZE;
  const padding = (OBJECT_ALIGNMENT - (unpadded % OBJECT_ALIGNMENT)) % OBJECT_ALIGNMENT;
  const padded = encodePaddedBody(body, 4 + body.length + padding);
  const trailer = new Uint8Array(TRAILER_SIZE);
  trailer.set(encodeHeader({ type: ObjectType.PACK, epoch, domain }));
  trailer.set(pack.salt, 16);
  new DataView(trailer.buffer).setUint32(48, padded.length + 16, true);
  const sealed = sealGcm(directoryKey(context, pack), ZERO_NONCE, additionalData(trailer, pack.name), padded);
  frames.hash.update(sealed);
  frames.hash.update(trailer.subarray(0, HASH_OFFSET));
  frames.hash.digestInto(trailer, HASH_OFFSET);
  return Buffer.concat([sealed, trailer]);
}

/** True when a whole pack ends with the hash of all before. This needs no key, and no trust in any of its bytes. */
export function hasRightHash({ blake3 }: Pick<PackContext, "blake3">, pack: Uint8Array): boolean {
  return Buffer.compare(blake3.hash(pack.subarray(0, -HASH_SIZE)), pack.subarray(-HASH_SIZE)) === 0;
}

/** What a trailer says: where the directory lies, and the hash of all before. */
export interface Trailer {
  readonly epoch: number;
  readonly domain: number;
  readonly salt: Uint8Array;
  readonly directoryOffset: number;
  readonly directoryLength: number;
  readonly hash: Uint8Array;
}

/** Reads the last 96 bytes of a pack of `size` bytes. @throws CorruptError naming `name`; BcatError newer-format */
export function decodeTrailer(bytes: Uint8Array, pack: { name: string; size: number }): Trailer {
  const object = pack.name;
  if (bytes.length !== TRAILER_SIZE) throw damaged(object, `trailer of ${bytes.length} bytes`);
  if (pack.size > PACK_SIZE_MAX) throw damaged(object, `${pack.size} bytes, allowed are ${PACK_SIZE_MAX}`);
  const { epoch, domain } = decodeHeader(bytes.subarray(0, 16), { type: ObjectType.PACK, name: object });
  const directoryLength = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(48, true);
  if (bytes.subarray(52, 64).some((byte) => byte !== 0))
    throw damaged(object, "reserved bytes of the trailer are not zero");
  const directoryOffset = pack.size - TRAILER_SIZE - directoryLength;
  if (directoryLength < 4 + FIXED_SIZE + 16 || directoryLength > DIRECTORY_SIZE_MAX || directoryOffset < 0) {
    throw damaged(object, `sealed directory of ${directoryLength} bytes in ${pack.size}`);
  }
  return { epoch, domain, salt: bytes.slice(16, 48), directoryOffset, directoryLength, hash: bytes.slice(64) };
}

/** Opens the sealed directory. @throws CorruptError naming `name` */
export function openDirectory(
  context: PackContext,
  pack: { name: string; trailer: Uint8Array; size: number },
  sealed: Uint8Array,
): Directory {
  const trailer = decodeTrailer(pack.trailer, pack);
  const key = directoryKey(context, { name: pack.name, ...trailer });
  const padded = openGcm(key, ZERO_NONCE, additionalData(pack.trailer, pack.name), sealed);
  if (padded === undefined) throw damaged(pack.name, "the tag of its directory does not verify");
  return decodeDirectory(decodePaddedBody(padded, pack.name), { object: pack.name, ...trailer });
}

function directoryKey(
  context: PackContext,
  pack: { name: string; epoch: number; domain: number; salt: Uint8Array },
): Uint8Array {
  const parent = context.keys.derive("directory", pack.epoch, pack.domain);
  return hkdf(parent, pack.salt, DIRECTORY_INFO + pack.name);
}

function additionalData(trailer: Uint8Array, name: string): Uint8Array {
  return Buffer.concat([trailer.subarray(0, 64), Buffer.from(name)]);
}

function damaged(object: string, found: string): CorruptError {
  return new CorruptError(`Cannot read pack "${object}": ${found}`, { object });
}
