/**
 * Codec of references to tree chunks, docs/format.md section 12: u8 level ‖ varint length ‖ id (32).
 */

import type { ByteReader, ByteWriter } from "@bcat/codec";
import { idSize, levelMax, type TreeReference, treeSizeMax } from "./node.js";

/** Stands in a scan stream for the tree of a root that is no directory. */
export const noReference: TreeReference = { level: 0, length: 0, id: new Uint8Array(idSize) };

/** Stands in a folder above the roots, of which no tree is kept. */
export const nowhere: TreeReference = { level: 0, length: 1, id: new Uint8Array(idSize) };

export function writeReference(writer: ByteWriter, reference: TreeReference): void {
  const { level, length, id } = reference;
  if (level > levelMax || length < 1 || length > treeSizeMax || id.length !== idSize) {
    throw new RangeError(`Cannot write a reference of level ${level}, length ${length}, id of ${id.length} bytes`);
  }
  writer.u8(level);
  writer.varint(length);
  writer.raw(id);
}

export function readReference(reader: ByteReader): TreeReference {
  const level = reader.u8();
  if (level > levelMax) throw reader.corrupt(`level ${level} is above ${levelMax}`);
  return { level, length: readTreeLength(reader), id: reader.raw(idSize) };
}

/** The length of a tree chunk. */
export function readTreeLength(reader: ByteReader): number {
  const length = reader.varint();
  if (length < 1 || length > treeSizeMax) throw reader.corrupt(`tree length ${length} is not 1 to ${treeSizeMax}`);
  return length;
}
