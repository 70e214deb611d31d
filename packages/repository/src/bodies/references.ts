/**
 * References to objects, docs/format.md sections 2 and 8.
 *
 *     name reference      u64 session ‖ unique 16                        24 bytes
 *     segment reference   name reference ‖ u64 size ‖ BLAKE3 of it 32    64 bytes
 */

import type { ByteReader, ByteWriter } from "@bcat/codec";
import { checkRegisterNumber, readWideRegisterNumber, writeFixed } from "./fields.js";

/** The name of a pack or index segment. */
export interface NameReference {
  readonly session: number;
  /** 16 bytes, in names as 32 hexadecimal digits. */
  readonly unique: Uint8Array;
}

/** An index segment, with what tells whether it is the right one. */
export interface SegmentReference extends NameReference {
  readonly size: number;
  /** BLAKE3 of the object, 32 bytes. */
  readonly hash: Uint8Array;
}

export function writeNameReference(writer: ByteWriter, reference: NameReference): void {
  writer.u64(checkRegisterNumber(reference.session));
  writeFixed(writer, reference.unique, 16);
}

export function readNameReference(reader: ByteReader): NameReference {
  const session = readWideRegisterNumber(reader);
  return { session, unique: reader.raw(16) };
}

export function writeSegmentReference(writer: ByteWriter, reference: SegmentReference): void {
  writeNameReference(writer, reference);
  writer.u64(reference.size);
  writeFixed(writer, reference.hash, 32);
}

export function readSegmentReference(reader: ByteReader): SegmentReference {
  const { session, unique } = readNameReference(reader);
  const size = reader.u64();
  return { session, unique, size, hash: reader.raw(32) };
}
