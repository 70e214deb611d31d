/**
 * The key table and the frame table, which stand in pack directories and, copied, in the pack records of index
 * segments (docs/format.md section 10). 44 bytes a key, 28 bytes a frame:
 *
 *     key:   u8 kind | 3 zero | u32 epoch | u32 domain | 32 encapsulation
 *     frame: u16 key | u8 codec | zero | 16 salt | u32 stored length | u32 plain length
 */
import { BcatError, CorruptError } from "@bcat/errors";
import { FRAME_ENTRY_SIZE, FrameTable } from "./frame-table.js";
import { readU32 } from "./read-u32.js";

const KEY_ENTRY_SIZE = 44;
/** What the number of keys can count. */
export const KEYS_MAX = 65_535;
export const FRAMES_MAX = 65_535;
/** Plaintext of one frame, bytes. */
export const FRAME_PLAIN_MAX = 1 << 20;
/** Bytes that sealing adds to a frame. */
export const FRAME_OVERHEAD = 16;

export const KEY_KIND_SYMMETRIC = 1;
export const CODEC_STORED = 0;
export const CODEC_ZSTD = 1;

/** How a pack key is found: see `packKey`. `encapsulation` is 32 bytes. */
export interface KeyEntry {
  readonly kind: number;
  readonly epoch: number;
  readonly domain: number;
  readonly encapsulation: Uint8Array;
}

/** One frame of a pack. Offsets follow from the order: `storedOffset` in the object, `plainOffset` in the stream. */
export interface FrameEntry {
  readonly key: number;
  readonly codec: number;
  readonly salt: Uint8Array;
  readonly storedOffset: number;
  readonly storedLength: number;
  readonly plainOffset: number;
  readonly plainLength: number;
}

/** The keys and frames of a pack: all that is needed, beside the chunk's place in the stream, to read a chunk. */
export interface FrameTables {
  readonly keys: readonly KeyEntry[];
  readonly frames: readonly FrameEntry[];
  /** The frames again, as they were read; there is no object in `frames` yet until that is asked for. */
  readonly table?: FrameTable;
}

/** Tables that were read. */
export type DecodedTables = FrameTables & { readonly table: FrameTable };

/** Writes both tables at `offset` of `target` and returns the offset behind them. */
export function encodeTables(tables: FrameTables, target: Uint8Array, offset: number): number {
  const view = new DataView(target.buffer, target.byteOffset, target.byteLength);
  for (const key of tables.keys) {
    view.setUint8(offset, key.kind);
    view.setUint32(offset + 4, key.epoch, true);
    view.setUint32(offset + 8, key.domain, true);
    target.set(key.encapsulation, offset + 12);
    offset += KEY_ENTRY_SIZE;
  }
  for (const frame of tables.frames) {
    view.setUint16(offset, frame.key, true);
    view.setUint8(offset + 2, frame.codec);
    target.set(frame.salt, offset + 4);
    view.setUint32(offset + 20, frame.storedLength, true);
    view.setUint32(offset + 24, frame.plainLength, true);
    offset += FRAME_ENTRY_SIZE;
  }
  return offset;
}

/** Bytes of both tables. */
export function tablesSize(keyCount: number, frameCount: number): number {
  return keyCount * KEY_ENTRY_SIZE + frameCount * FRAME_ENTRY_SIZE;
}

/**
 * Reads both tables at `offset` of `source`, which the caller has checked to be long enough.
 *
 * @throws CorruptError naming `object` for lengths, codecs and keys out of bounds; BcatError newer-format
 */
export function decodeTables(
  source: Uint8Array,
  place: { offset: number; keyCount: number; frameCount: number; object: string },
): DecodedTables {
  const { keyCount, frameCount, object } = place;
  const view = new DataView(source.buffer, source.byteOffset, source.byteLength);
  let offset = place.offset;
  const keys: KeyEntry[] = [];
  for (let i = 0; i < keyCount; i++, offset += KEY_ENTRY_SIZE) {
    const kind = view.getUint8(offset);
    if (kind !== KEY_KIND_SYMMETRIC) throw newer(object, `key kind ${kind}`);
    if (source[offset + 1] !== 0 || source[offset + 2] !== 0 || source[offset + 3] !== 0)
      throw damaged(object, `reserved bytes of key ${i} are not zero`);
    const encapsulation = source.slice(offset + 12, offset + KEY_ENTRY_SIZE);
    keys.push({
      kind,
      epoch: view.getUint32(offset + 4, true),
      domain: view.getUint32(offset + 8, true),
      encapsulation,
    });
  }
  const end = offset + frameCount * FRAME_ENTRY_SIZE;
  for (let i = 0; i < frameCount; i++, offset += FRAME_ENTRY_SIZE) checkFrame(source, offset, i, place);
  return tablesOf(keys, new FrameTable(source.slice(end - frameCount * FRAME_ENTRY_SIZE, end)));
}

/** Tables of frames that were checked. */
export function tablesOf(keys: readonly KeyEntry[], table: FrameTable): DecodedTables {
  return {
    keys,
    table,
    get frames() {
      return table.entries();
    },
  };
}

function checkFrame(source: Uint8Array, at: number, i: number, tables: { keyCount: number; object: string }): void {
  const { keyCount, object } = tables;
  const key = source[at]! | (source[at + 1]! << 8);
  const codec = source[at + 2]!;
  const storedLength = readU32(source, at + 20);
  const plainLength = readU32(source, at + 24);
  if (key >= keyCount) throw damaged(object, `frame ${i} names key ${key} of ${keyCount}`);
  if (codec > CODEC_ZSTD) throw newer(object, `codec ${codec}`);
  if (source[at + 3] !== 0) throw damaged(object, `reserved byte of frame ${i} is not zero`);
  if (plainLength < 1 || plainLength > FRAME_PLAIN_MAX)
    throw damaged(object, `frame ${i} has ${plainLength} bytes, allowed are 1 to ${FRAME_PLAIN_MAX}`);
  const storedMax = plainLength + FRAME_OVERHEAD;
  if (codec === CODEC_STORED ? storedLength !== storedMax : storedLength <= FRAME_OVERHEAD || storedLength >= storedMax)
    throw damaged(object, `frame ${i} is stored in ${storedLength} bytes for ${plainLength}`);
}

function damaged(object: string, found: string): CorruptError {
  return new CorruptError(`Cannot read pack "${object}": ${found}`, { object });
}

function newer(object: string, found: string): BcatError {
  return new BcatError("newer-format", `Cannot read pack "${object}": ${found} is not known to this version`);
}
