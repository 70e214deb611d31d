/**
 * Parts that the bodies share: collecting fields on the way out, taking them on the way in. A text or list without
 * bytes is an absent field in both directions (docs/format.md section 5: values are not empty).
 */

import { ByteReader, ByteWriter, type DecodedRecord, encodeRecord, type Field, type RecordLayout } from "@bcat/codec";
import { CorruptError } from "@bcat/errors";

/** Registers have ten digits and begin at 1. */
export const registerNumberMax = 9_999_999_999;

/** Collects the fields of one body, in ascending order of number, as its layout says. */
export class BodyWriter {
  readonly #layout: RecordLayout;
  readonly #fields: Field[] = [];

  constructor(layout: RecordLayout) {
    this.#layout = layout;
  }

  /** Adds a field that `write` fills; one left without bytes is absent, unless the layout lets it be empty. */
  field(number: number, write: (writer: ByteWriter) => void): void {
    const rule = this.#layout.get(number);
    if (rule === undefined) throw new RangeError(`Cannot write field ${number}: it is not in the layout`);
    const writer = new ByteWriter();
    write(writer);
    if (writer.length === 0 && rule.empty !== true) return;
    this.#fields.push({ number, critical: rule.critical, value: writer.finish() });
  }

  text(number: number, value: string): void {
    this.field(number, (writer) => writer.rawText(value));
  }

  /** The record, with the fields of a newer version that were found when it was read. */
  finish(unknown: readonly Field[] | undefined): Uint8Array {
    if (unknown === undefined) return encodeRecord(this.#fields);
    for (const { number, critical } of unknown) {
      if (critical || this.#layout.has(number)) {
        throw new RangeError(`Cannot keep field ${number} as unknown: it is critical or known`);
      }
    }
    return encodeRecord([...this.#fields, ...unknown].sort((a, b) => a.number - b.number));
  }
}

/** Takes the fields of one body by number. */
export class BodyReader {
  readonly #record: DecodedRecord;
  readonly #what: string;

  constructor(record: DecodedRecord, what: string) {
    this.#record = record;
    this.#what = what;
  }

  has(number: number): boolean {
    return this.#record.fields.has(number);
  }

  /** A field that must be there, read to its end. */
  field<T>(number: number, read: (reader: ByteReader) => T): T {
    const value = this.#record.fields.get(number);
    if (value === undefined) throw new CorruptError(`Cannot read ${this.#what}: field ${number} is missing`);
    return this.#read(number, value, read);
  }

  /** A field that may be absent. */
  optional<T>(number: number, read: (reader: ByteReader) => T): T | undefined {
    const value = this.#record.fields.get(number);
    return value === undefined ? undefined : this.#read(number, value, read);
  }

  /** Items to the end of the field; an absent field is a list without items. */
  list<T>(number: number, readItem: (reader: ByteReader) => T): T[] {
    return this.optional(number, (reader) => readList(reader, readItem)) ?? [];
  }

  text(number: number): string {
    return this.optional(number, (reader) => reader.restText()) ?? "";
  }

  /** @throws {CorruptError} when a field is there that this kind of body does not have. */
  refuse(numbers: readonly number[], kind: string): void {
    for (const number of numbers) {
      if (this.has(number)) throw new CorruptError(`Cannot read ${this.#what}: a ${kind} has a field ${number}`);
    }
  }

  /** The fields to keep, as a property to spread: absent when there are none. */
  unknown(): { readonly unknown?: readonly Field[] } {
    const { unknown } = this.#record;
    return unknown.length === 0 ? {} : { unknown };
  }

  #read<T>(number: number, value: Uint8Array, read: (reader: ByteReader) => T): T {
    const reader = new ByteReader(value, `${this.#what}, field ${number}`);
    const result = read(reader);
    reader.end();
    return result;
  }
}

/** Items to the end of what `reader` reads. */
export function readList<T>(reader: ByteReader, readItem: (reader: ByteReader) => T): T[] {
  const items: T[] = [];
  while (reader.remaining > 0) items.push(readItem(reader));
  return items;
}

/** A layout from the numbers of its critical and of its other fields. */
export function recordLayout(numbers: {
  readonly critical: readonly number[];
  readonly other?: readonly number[];
  readonly empty?: readonly number[];
}): RecordLayout {
  const { critical, other = [], empty = [] } = numbers;
  const all = [...critical, ...other];
  return new Map(all.map((number) => [number, { critical: critical.includes(number), empty: empty.includes(number) }]));
}

/** @throws {RangeError} when `number` cannot be the number of a session, outcome or log record. */
export function checkRegisterNumber(number: number): number {
  if (!isRegisterNumber(number)) throw new RangeError(`Cannot write number ${number}: 1 to ${registerNumberMax}`);
  return number;
}

/** A varint register number. */
export function readRegisterNumber(reader: ByteReader): number {
  return allowedNumber(reader, reader.varint());
}

/** A u64 register number. */
export function readWideRegisterNumber(reader: ByteReader): number {
  return allowedNumber(reader, reader.u64());
}

function allowedNumber(reader: ByteReader, number: number): number {
  if (!isRegisterNumber(number)) throw reader.corrupt(`number ${number} is not 1 to ${registerNumberMax}`);
  return number;
}

function isRegisterNumber(number: number): boolean {
  return Number.isSafeInteger(number) && number >= 1 && number <= registerNumberMax;
}

/** Writes bytes of a fixed length. */
export function writeFixed(writer: ByteWriter, value: Uint8Array, length: number): void {
  if (value.length !== length) throw new RangeError(`Cannot write ${value.length} bytes where ${length} belong`);
  writer.raw(value);
}
