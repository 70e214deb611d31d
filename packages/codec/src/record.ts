/**
 * Records, docs/format.md section 5: a MessagePack array of alternating tags and values.
 *
 *     fixarray or array16, 2 items a field
 *       tag    positive fixint or uint8: 2 · field number + critical bit
 *       value  bin8, bin16 or bin32
 *
 * msgpackr writes records but never reads them. Its reader takes every MessagePack type, strings through native code
 * and `ext` as dates, errors and compiled functions, accepts numbers in any width, and spends seconds on a trailing
 * byte; the two types of a record are read here, and comparing with what msgpackr writes leaves one form for each.
 */

import { BcatError, CorruptError } from "@bcat/errors";
import { Packr, RESET_BUFFER_MODE } from "msgpackr/pack";

/** Fields have numbers from 1, so that a tag is one byte, with a head or without. */
export const fieldNumberMax = 127;

/** One field of a record. A reader that does not know a critical field must not read the record. */
export interface Field {
  readonly number: number;
  readonly critical: boolean;
  readonly value: Uint8Array;
}

/** What a reader knows of a field. */
export interface FieldRule {
  readonly critical: boolean;
  /** The value may have no bytes. */
  readonly empty?: boolean;
}

/** The fields that a reader knows, by number. */
export type RecordLayout = ReadonlyMap<number, FieldRule>;

export interface DecodedRecord {
  /** Values of the fields known, by number; views of the input. */
  readonly fields: ReadonlyMap<number, Uint8Array>;
  /** Fields not known and not critical, ascending: ignored, and kept by whoever rewrites the record. */
  readonly unknown: readonly Field[];
}

const packr = new Packr({ useRecords: false });

/**
 * Encodes fields, which ascend strictly by number. The result is a copy that shares no memory with anything.
 *
 * @throws {RangeError} when they do not ascend, or a number is not allowed.
 */
export function encodeRecord(fields: readonly Field[]): Uint8Array {
  const items: (number | Uint8Array)[] = [];
  let last = 0;
  for (const { number, critical, value } of fields) {
    if (!(Number.isInteger(number) && number > last && number <= fieldNumberMax)) {
      throw new RangeError(`Cannot write field ${number} after field ${last}: numbers ascend up to ${fieldNumberMax}`);
    }
    items.push(2 * number + (critical ? 1 : 0), value);
    last = number;
  }
  // The mode lets msgpackr use its memory again for the next record, hence the copy.
  return new Uint8Array(packr.encode(items, RESET_BUFFER_MODE));
}

/**
 * Decodes a record: {@link readFields}, then {@link selectFields}.
 *
 * @param options.limit the most bytes it may have, checked before anything is read.
 * @param options.what names the object in errors: `Cannot read <what>: …`.
 * @throws {CorruptError} when the bytes are not a record in its one form, or not of this layout.
 * @throws {BcatError} `newer-format` for a critical field that the layout does not know.
 */
export function decodeRecord(
  bytes: Uint8Array,
  options: { readonly known: RecordLayout; readonly limit: number; readonly what: string },
): DecodedRecord {
  return selectFields(readFields(bytes, options), options);
}

/** Reads the fields of a record of any layout, for records whose first field decides the layout. */
export function readFields(
  bytes: Uint8Array,
  options: { readonly limit: number; readonly what: string },
): readonly Field[] {
  const { limit, what } = options;
  if (bytes.length > limit) throw corrupt(what, `${bytes.length} bytes are above ${limit}`);
  const scanner = new FormScanner(bytes, what);
  const fields: Field[] = [];
  for (let rest = scanner.count(); rest > 0; rest -= 2) {
    const tag = scanner.tag();
    const number = tag >>> 1;
    const last = fields.at(-1)?.number ?? 0;
    if (number <= last || number > fieldNumberMax) throw corrupt(what, `field ${number} follows field ${last}`);
    fields.push({ number, critical: tag % 2 === 1, value: scanner.value() });
  }
  scanner.end();
  if (!equalBytes(encodeRecord(fields), bytes)) throw corrupt(what, "the record is not in its shortest form");
  return fields;
}

/** Parts fields into those known and the others, and checks both. */
export function selectFields(
  fields: readonly Field[],
  options: { readonly known: RecordLayout; readonly what: string },
): DecodedRecord {
  const { known, what } = options;
  const selected = new Map<number, Uint8Array>();
  const unknown: Field[] = [];
  for (const field of fields) {
    const { number, critical, value } = field;
    const rule = known.get(number);
    if (rule === undefined && critical) {
      const found = `field ${number} is not known to this version; a newer bcat wrote it`;
      throw new BcatError("newer-format", `Cannot read ${what}: ${found}`);
    }
    if (rule !== undefined && rule.critical !== critical)
      throw corrupt(what, `field ${number} has a wrong critical bit`);
    if (rule !== undefined && value.length === 0 && rule.empty !== true)
      throw corrupt(what, `field ${number} is empty`);
    if (rule === undefined) unknown.push(field);
    else selected.set(number, value);
  }
  return { fields: selected, unknown };
}

/** The heads that a record may have, read in any width: whoever uses it compares afterwards. */
class FormScanner {
  readonly #bytes: Uint8Array;
  readonly #what: string;
  #position = 0;

  constructor(bytes: Uint8Array, what: string) {
    this.#bytes = bytes;
    this.#what = what;
  }

  count(): number {
    const head = this.#number(1);
    const count = head >>> 4 === 0x9 ? head & 15 : head === 0xdc ? this.#number(2) : -1;
    if (count < 0 || count % 2 !== 0) throw corrupt(this.#what, "it is not an array of tags and values");
    return count;
  }

  tag(): number {
    const head = this.#number(1);
    if (head < 0x80) return head;
    if (head !== 0xcc) throw corrupt(this.#what, `a tag begins with byte ${head}`);
    return this.#number(1);
  }

  value(): Uint8Array {
    const head = this.#number(1);
    if (head < 0xc4 || head > 0xc6) throw corrupt(this.#what, `a value begins with byte ${head}`);
    const length = this.#number(2 ** (head - 0xc4));
    const position = this.#skip(length);
    return new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset + position, length);
  }

  end(): void {
    const following = this.#bytes.length - this.#position;
    if (following !== 0) throw corrupt(this.#what, `${following} bytes follow the record`);
  }

  /** Big-endian, as MessagePack has it. */
  #number(size: number): number {
    const position = this.#skip(size);
    let value = 0;
    for (let i = 0; i < size; i++) value = value * 256 + this.#bytes[position + i]!;
    return value;
  }

  #skip(length: number): number {
    const position = this.#position;
    const left = this.#bytes.length - position;
    if (length > left) throw corrupt(this.#what, `the record ends ${length - left} bytes too early`);
    this.#position = position + length;
    return position;
  }
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

function corrupt(what: string, found: string): CorruptError {
  return new CorruptError(`Cannot read ${what}: ${found}`);
}
