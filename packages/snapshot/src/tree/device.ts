/**
 * Codec of device numbers, docs/format.md section 12.1 column 11: varint major ‖ varint minor, both below 2^32.
 */

import type { ByteReader, ByteWriter } from "@bcat/codec";

const deviceNumberMax = 0xffff_ffff;

export function writeDevice(writer: ByteWriter, device: { major: number; minor: number }): void {
  const { major, minor } = device;
  if (major > deviceNumberMax || minor > deviceNumberMax) throw new RangeError(`Cannot write device ${major}:${minor}`);
  writer.varint(major);
  writer.varint(minor);
}

export function readDevice(reader: ByteReader): { major: number; minor: number } {
  const major = reader.varint();
  const minor = reader.varint();
  if (major > deviceNumberMax || minor > deviceNumberMax) {
    throw reader.corrupt(`device ${major}:${minor} is not below 2^32`);
  }
  return { major, minor };
}
