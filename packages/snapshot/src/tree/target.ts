/**
 * Codec of targets of symlinks, docs/format.md section 12.1 column 10: varint length ‖ bytes, none of them 0.
 */

import type { ByteReader, ByteWriter } from "@bcat/codec";
import { targetLengthMax } from "./node.js";

export function writeTarget(writer: ByteWriter, target: Uint8Array): void {
  if (target.length < 1 || target.length > targetLengthMax || target.includes(0)) {
    throw new RangeError(`Cannot write a target of ${target.length} bytes: 1 to ${targetLengthMax}, none of them 0`);
  }
  writer.bytes(target);
}

export function readTarget(reader: ByteReader): Uint8Array {
  const target = reader.bytes(targetLengthMax);
  if (target.length < 1 || target.includes(0)) throw reader.corrupt("a target is empty or has a byte 0");
  return target;
}
