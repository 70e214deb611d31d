/**
 * The record of a pack in the pack section of a segment (docs/format.md section 11):
 *
 *     24 name reference | u64 size | u16 keys k | 2 zero | u32 frames f | k * 44 | f * 28
 */
import { CorruptError } from "@bcat/errors";
import { PACK_SIZE_MAX, STREAM_MAX } from "../directory.js";
import type { FrameTable } from "../frame-table.js";
import { decodeReference, encodeReference, type ObjectReference, packName } from "../pack-name.js";
import { decodeTables, encodeTables, FRAMES_MAX, type FrameTables, tablesSize } from "../tables.js";
import { PACK_RECORD_FIXED } from "./layout.js";

/** What a segment knows of a pack; enough to read any of its chunks with one ranged get. */
export interface PackRecord extends FrameTables {
  readonly table: FrameTable;
  readonly reference: ObjectReference;
  readonly name: string;
  readonly size: number;
}

export function encodePackRecord(pack: Omit<PackRecord, "name" | "table">): Uint8Array {
  const record = new Uint8Array(PACK_RECORD_FIXED + tablesSize(pack.keys.length, pack.frames.length));
  const view = new DataView(record.buffer);
  encodeReference(pack.reference, record, 0);
  view.setUint32(24, pack.size, true);
  view.setUint16(32, pack.keys.length, true);
  view.setUint32(36, pack.frames.length, true);
  encodeTables(pack, record, PACK_RECORD_FIXED);
  return record;
}

/** @throws CorruptError naming `object`, the segment the record stands in */
export function decodePackRecord(record: Uint8Array, object: string): PackRecord {
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  const damaged = (found: string) => new CorruptError(`Cannot read segment "${object}": ${found}`, { object });
  if (record.length < PACK_RECORD_FIXED) throw damaged(`pack record of ${record.length} bytes`);
  const reference = decodeReference(record, 0, object);
  const size = view.getUint32(24, true) + view.getUint32(28, true) * 2 ** 32;
  const keyCount = view.getUint16(32, true);
  const frameCount = view.getUint32(36, true);
  if (frameCount > FRAMES_MAX || record.length !== PACK_RECORD_FIXED + tablesSize(keyCount, frameCount)) {
    throw damaged(`pack record of ${record.length} bytes for ${keyCount} keys and ${frameCount} frames`);
  }
  if (size > PACK_SIZE_MAX) throw damaged(`pack of ${size} bytes, allowed are ${PACK_SIZE_MAX}`);
  if (record[34] !== 0 || record[35] !== 0) throw damaged("reserved bytes of a pack record are not zero");
  const tables = decodeTables(record, { offset: PACK_RECORD_FIXED, keyCount, frameCount, object });
  const { storedSize: stored, streamSize: stream } = tables.table;
  if (stored > size) throw damaged(`frames of ${stored} bytes in a pack of ${size}`);
  if (stream > STREAM_MAX) throw damaged(`stream of ${stream} bytes, allowed are ${STREAM_MAX}`);
  return Object.assign(tables, { reference, name: packName(reference), size });
}
