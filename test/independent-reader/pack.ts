/** Packs: frames, directory, trailer (`docs/format.md` section 10). */

import { decompress } from "@bokuweb/zstd-wasm";
import { assertFormat, assertKnown, ByteReader } from "./bytes.js";
import {
  blake3,
  decodeHeader,
  hkdf,
  type KeySource,
  OBJECT_TYPE,
  objectKey,
  openGcm,
  TAG_SIZE,
  u32,
  unpad,
} from "./sealed.js";

/** Data or tree chunks. */
export type ChunkKind = 1 | 2;

interface PackKey {
  readonly epoch: number;
  readonly domain: number;
  readonly encapsulation: Buffer;
}

/** A frame and where it lies in the pack and in the stream. */
export interface Frame {
  readonly key: PackKey;
  readonly codec: number;
  readonly salt: Buffer;
  readonly storedOffset: number;
  readonly storedLength: number;
  readonly plainOffset: number;
  readonly plainLength: number;
}

/** The key and frame tables; `bytes` are as found in directory and segment. */
export interface FrameTable {
  readonly bytes: Buffer;
  readonly frames: readonly Frame[];
  readonly storedLength: number;
  readonly plainLength: number;
}

export interface PackDirectory {
  readonly kind: ChunkKind;
  readonly table: FrameTable;
  /** `<id> <offset> <length>` of every chunk. */
  readonly chunks: ReadonlySet<string>;
}

export const PACK_SIZE_MAX = 96 * 2 ** 20;
const TRAILER_SIZE = 96;
const DIRECTORY_SIZE_MAX = 16 * 2 ** 20;
const FRAME_COUNT_MAX = 65_535;
const CHUNK_COUNT_MAX = 131_072;
const FRAME_PLAIN_LENGTH_MAX = 2 ** 20;
const STREAM_LENGTH_MAX = 2 ** 30;
const KEY_ENTRY_SIZE = 44;
const FRAME_ENTRY_SIZE = 28;

export function decodeChunkKind(kind: number): ChunkKind {
  assertKnown(kind === 1 || kind === 2, `kind of chunks ${kind} is unknown`);
  return kind;
}

export function decodeFrameTable(reader: ByteReader, keyCount: number, frameCount: number): FrameTable {
  assertFormat(frameCount <= FRAME_COUNT_MAX, `pack of ${frameCount} frames`);
  const bytes = reader.take(keyCount * KEY_ENTRY_SIZE + frameCount * FRAME_ENTRY_SIZE);
  const table = new ByteReader(bytes);
  const keys = Array.from({ length: keyCount }, () => decodeKey(table));
  const frames: Frame[] = [];
  let [storedOffset, plainOffset] = [0, 0];
  while (table.left > 0) {
    const frame = decodeFrame(table, keys, storedOffset, plainOffset);
    frames.push(frame);
    storedOffset += frame.storedLength;
    plainOffset += frame.plainLength;
  }
  assertFormat(storedOffset <= PACK_SIZE_MAX && plainOffset <= STREAM_LENGTH_MAX, "frames are too long together");
  return { bytes, frames, storedLength: storedOffset, plainLength: plainOffset };
}

function decodeKey(reader: ByteReader): PackKey {
  const kind = reader.u8();
  assertKnown(kind === 1, `key kind ${kind} is unknown`);
  reader.zeros(3);
  return { epoch: reader.u32(), domain: reader.u32(), encapsulation: reader.take(32) };
}

function decodeFrame(reader: ByteReader, keys: readonly PackKey[], storedOffset: number, plainOffset: number): Frame {
  const key = keys[reader.u16()];
  assertFormat(key !== undefined, "frame names a key that is not in the table");
  const codec = reader.u8();
  assertKnown(codec <= 1, `codec ${codec} is unknown`);
  reader.zeros(1);
  const salt = reader.take(16);
  const [storedLength, plainLength] = [reader.u32(), reader.u32()];
  assertFormat(plainLength >= 1 && plainLength <= FRAME_PLAIN_LENGTH_MAX, `frame of ${plainLength} bytes`);
  const storedFits = codec === 0 ? storedLength === plainLength + TAG_SIZE : storedLength > TAG_SIZE;
  assertFormat(storedFits, `frame of ${plainLength} bytes is stored in ${storedLength}`);
  return { key, codec, salt, storedOffset, storedLength, plainOffset, plainLength };
}

/** The plaintext of a frame. */
export function openFrame(keys: KeySource, kind: ChunkKind, frame: Frame, sealed: Buffer): Buffer {
  const { key, codec, plainLength } = frame;
  const info = Buffer.concat([Buffer.from("bcat/1/pack-key"), Buffer.of(kind)]);
  const packKey = hkdf(keys("pack", key.epoch, key.domain), key.encapsulation, info);
  const frameKey = hkdf(packKey, frame.salt, Buffer.from("bcat/1/frame"));
  const stored = openGcm(frameKey, sealed, Buffer.concat([Buffer.of(codec), u32(plainLength)]));
  if (codec === 0) return stored;
  checkZstdHeader(stored, plainLength);
  const plain = Buffer.from(decompress(stored));
  assertFormat(plain.length === plainLength, `frame holds ${plain.length} bytes, not ${plainLength}`);
  return plain;
}

/** Content size and window, before the decoder takes memory for them (RFC 8878, section 3.1.1.1). */
function checkZstdHeader(stored: Buffer, plainLength: number): void {
  const reader = new ByteReader(stored);
  assertFormat(reader.u32() === 0xfd2fb528, "frame is not zstd");
  const descriptor = reader.u8();
  const single = (descriptor & 0x20) !== 0;
  const sizeWidth = descriptor >> 6 === 0 ? Number(single) : 2 ** (descriptor >> 6);
  assertFormat((descriptor & 0x0b) === 0 && sizeWidth > 0, "zstd frame has a dictionary or no content size");
  const window = single ? 0 : reader.u8();
  assertFormat(2 ** (10 + (window >> 3)) * (1 + (window & 7) / 8) <= 2 ** 20, "zstd window is too large");
  const size = sizeWidth === 8 ? reader.u64() : reader.take(sizeWidth).readUIntLE(0, sizeWidth);
  assertFormat(size + (sizeWidth === 2 ? 256 : 0) === plainLength, `zstd frame of ${size} bytes, not ${plainLength}`);
}

/** Verifies the unkeyed hash of a whole pack and opens its directory. */
export function openPackDirectory(keys: KeySource, name: string, pack: Buffer): PackDirectory {
  assertFormat(pack.length >= TRAILER_SIZE && pack.length <= PACK_SIZE_MAX, `${name} is ${pack.length} bytes long`);
  assertFormat(blake3(pack.subarray(0, -32)).equals(pack.subarray(-32)), `${name} has another hash`);
  const trailer = pack.subarray(-TRAILER_SIZE);
  const header = decodeHeader(trailer, OBJECT_TYPE.pack);
  const reader = new ByteReader(trailer.subarray(16, 64));
  const salt = reader.take(32);
  const length = reader.u32();
  reader.zeros(12);
  assertFormat(length <= DIRECTORY_SIZE_MAX && length + TRAILER_SIZE <= pack.length, `directory of ${length} bytes`);
  const directoryOffset = pack.length - TRAILER_SIZE - length;
  const aad = Buffer.concat([trailer.subarray(0, 64), Buffer.from(name)]);
  const sealed = pack.subarray(directoryOffset, -TRAILER_SIZE);
  const directory = decodeDirectory(unpad(openGcm(objectKey(keys, OBJECT_TYPE.pack, header, salt, name), sealed, aad)));
  assertFormat(directory.table.storedLength === directoryOffset, `frames of ${name} do not end at its directory`);
  return directory;
}

function decodeDirectory(body: Buffer): PackDirectory {
  const reader = new ByteReader(body);
  assertKnown(reader.u8() === 1, "version of the directory is unknown");
  const kind = decodeChunkKind(reader.u8());
  const [keyCount, frameCount, chunkCount] = [reader.u16(), reader.u32(), reader.u32()];
  assertFormat(chunkCount <= CHUNK_COUNT_MAX, `pack of ${chunkCount} chunks`);
  const table = decodeFrameTable(reader, keyCount, frameCount);
  const chunks = new Set<string>();
  let end = 0;
  for (let count = 0; count < chunkCount; count++) {
    const id = reader.take(16).toString("hex");
    const [offset, length] = [reader.u32(), reader.u32()];
    assertFormat(offset >= end && length > 0, `chunk at ${offset} of length ${length} overlaps or is empty`);
    end = offset + length;
    chunks.add(`${id} ${offset} ${length}`);
  }
  reader.end();
  assertFormat(end <= table.plainLength, `chunk ends at ${end}, the stream at ${table.plainLength}`);
  return { kind, table, chunks };
}
