/** Records: MessagePack arrays of tags and values (`docs/format.md` section 5). */

import { assertFormat, assertKnown, ByteReader } from "./bytes.js";

/** Values by field number. */
export type Fields = ReadonlyMap<number, Buffer>;

/** The fields that a kind of record has; others are unknown. */
export interface Schema {
  readonly critical: readonly number[];
  readonly optional: readonly number[];
  /** Fields that must be there. */
  readonly always?: readonly number[];
  /** Fields whose value may be empty. */
  readonly empty?: readonly number[];
}

/** The values of a record by tag. Only the one canonical encoding is accepted. */
export function decodeRecord(bytes: Buffer): ReadonlyMap<number, Buffer> {
  const reader = new ByteReader(bytes);
  const values = new Map<number, Buffer>();
  const items = readArrayLength(reader);
  assertFormat(items % 2 === 0, `record of ${items} items`);
  for (let last = 1; values.size < items / 2; ) {
    const tag = readTag(reader);
    assertFormat(tag > last, `tag ${tag} follows tag ${last}`);
    const value = reader.take(readBinaryLength(reader));
    values.set(tag, value);
    last = tag;
  }
  reader.end();
  return values;
}

/** The known fields; refuses unknown critical ones, and known ones whose critical bit or presence is wrong. */
export function knownFields(values: ReadonlyMap<number, Buffer>, schema: Schema): Fields {
  const fields = new Map<number, Buffer>();
  for (const [tag, value] of values) {
    const field = tag >> 1;
    const critical = tag % 2 === 1;
    const known = (critical ? schema.critical : schema.optional).includes(field);
    const misplaced = (critical ? schema.optional : schema.critical).includes(field);
    assertFormat(!misplaced, `critical bit of field ${field} is wrong`);
    assertKnown(known || !critical, `field ${field} is unknown and critical`);
    if (!known) continue;
    assertFormat(value.length > 0 || schema.empty?.includes(field) === true, `field ${field} is empty`);
    fields.set(field, value);
  }
  for (const field of schema.always ?? []) assertFormat(fields.has(field), `field ${field} is missing`);
  return fields;
}

/** A reader over a field that must be there. */
export function field(fields: Fields, number: number): ByteReader {
  const value = fields.get(number);
  assertFormat(value !== undefined, `field ${number} is missing`);
  return new ByteReader(value);
}

/** The items of a list field; none when it is absent. */
export function listField<T>(fields: Fields, number: number, item: (reader: ByteReader) => T): T[] {
  const reader = new ByteReader(fields.get(number) ?? Buffer.alloc(0));
  return reader.list(() => item(reader));
}

/** The only byte of a field. */
export function byteField(fields: Fields, number: number): number {
  const reader = field(fields, number);
  const byte = reader.u8();
  reader.end();
  return byte;
}

function readArrayLength(reader: ByteReader): number {
  const first = reader.u8();
  if (first >> 4 === 0x9) return first & 0x0f;
  assertFormat(first === 0xdc, `0x${first.toString(16)} does not begin a record`);
  const length = reader.take(2).readUInt16BE();
  assertFormat(length > 15, "array length is not in its shortest form");
  return length;
}

function readTag(reader: ByteReader): number {
  const first = reader.u8();
  if (first < 0x80) return first;
  assertFormat(first === 0xcc, `0x${first.toString(16)} is no tag`);
  const tag = reader.u8();
  assertFormat(tag >= 0x80, "tag is not in its shortest form");
  return tag;
}

function readBinaryLength(reader: ByteReader): number {
  const first = reader.u8();
  if (first === 0xc4) return reader.u8();
  assertFormat(first === 0xc5 || first === 0xc6, `0x${first.toString(16)} begins no bin`);
  const wide = first === 0xc6;
  const length = wide ? reader.take(4).readUInt32BE() : reader.take(2).readUInt16BE();
  assertFormat(length > (wide ? 0xffff : 0xff), "bin length is not in its shortest form");
  return length;
}
