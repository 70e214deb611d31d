/**
 * A growing writer for the little-endian fields of docs/format.md, section 1. Values out of range are misuse
 * (RangeError): what is written has been checked before, so a refusal here is a bug of the caller.
 */

/** The most one writer takes, in bytes: above every limit of the format, below what would exhaust a machine. */
export const writerSizeMax = 2 ** 30;

/** Largest magnitude of a `zigzag` field. */
export const zigzagMax = 2 ** 51;

/** Of a writer that holds anything. */
const capacityMin = 32;
const noBytes = new Uint8Array(0);
const textEncoder = new TextEncoder();

/**
 * Writes fields one after another; {@link ByteWriter.finish} hands out what was written.
 *
 * Bytes are set one by one, without a DataView: making one costs more than all that most columns have to write.
 */
export class ByteWriter {
  #bytes: Uint8Array;
  #length = 0;

  constructor(capacity = 64) {
    this.#bytes = capacity === 0 ? noBytes : new Uint8Array(capacity);
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  u8(value: number): void {
    if (value >>> 8 !== 0 || !Number.isInteger(value)) throw outOfRange("u8", value);
    if (this.#length + 1 > this.#bytes.length) this.#grow(1);
    this.#bytes[this.#length++] = value;
  }

  u16(value: number): void {
    if (value >>> 16 !== 0 || !Number.isInteger(value)) throw outOfRange("u16", value);
    if (this.#length + 2 > this.#bytes.length) this.#grow(2);
    this.#bytes[this.#length++] = value;
    this.#bytes[this.#length++] = value >>> 8;
  }

  u32(value: number): void {
    if (value >>> 0 !== value) throw outOfRange("u32", value);
    if (this.#length + 4 > this.#bytes.length) this.#grow(4);
    this.#word(value);
  }

  u64(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) throw outOfRange("u64", value);
    this.#wide(value);
  }

  /** Signed milliseconds since 1970-01-01 UTC. */
  time(milliseconds: number): void {
    if (!Number.isSafeInteger(milliseconds)) throw outOfRange("time", milliseconds);
    this.#wide(milliseconds);
  }

  varint(value: number): void {
    if (this.#length + 8 > this.#bytes.length) this.#grow(8);
    const bytes = this.#bytes;
    let length = this.#length;
    let rest = value;
    if (value >>> 0 !== value) {
      if (!Number.isSafeInteger(value) || value < 0) throw outOfRange("varint", value);
      for (; rest >= 0x1_0000_0000; rest = Math.floor(rest / 128)) bytes[length++] = (rest % 128) | 128;
    }
    for (; rest >= 128; rest >>>= 7) bytes[length++] = (rest & 127) | 128;
    bytes[length++] = rest;
    this.#length = length;
  }

  zigzag(value: number): void {
    if (!(Number.isInteger(value) && value >= -zigzagMax && value <= zigzagMax)) throw outOfRange("zigzag", value);
    this.varint(value < 0 ? -2 * value - 1 : 2 * value);
  }

  /** A varint length, then the bytes. */
  bytes(value: Uint8Array): void {
    this.varint(value.length);
    this.raw(value);
  }

  /** As {@link ByteWriter.bytes}, of the UTF-8 of `value`. */
  text(value: string): void {
    this.bytes(textEncoder.encode(value));
  }

  /** The UTF-8 of `value` alone. */
  rawText(value: string): void {
    this.raw(textEncoder.encode(value));
  }

  /** The bytes alone. */
  raw(value: Uint8Array): void {
    const { length } = value;
    if (this.#length + length > this.#bytes.length) this.#grow(length);
    // A call into the engine costs more than a short name has bytes.
    if (length <= 24) for (let i = 0; i < length; i++) this.#bytes[this.#length + i] = value[i]!;
    else this.#bytes.set(value, this.#length);
    this.#length += length;
  }

  /** What was written, as a view of the writer's memory: write nothing more. */
  finish(): Uint8Array {
    return this.#length === this.#bytes.length ? this.#bytes : this.#bytes.subarray(0, this.#length);
  }

  #wide(value: number): void {
    if (this.#length + 8 > this.#bytes.length) this.#grow(8);
    this.#word(value >>> 0);
    this.#word(Math.floor(value / 0x1_0000_0000));
  }

  /** Room for it is there. */
  #word(value: number): void {
    const bytes = this.#bytes;
    bytes[this.#length++] = value;
    bytes[this.#length++] = value >>> 8;
    bytes[this.#length++] = value >>> 16;
    bytes[this.#length++] = value >>> 24;
  }

  #grow(count: number): void {
    const needed = this.#length + count;
    if (needed > writerSizeMax) throw new RangeError(`Cannot write ${needed} bytes: at most ${writerSizeMax}`);
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2, capacityMin));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}

function outOfRange(field: string, value: number): RangeError {
  return new RangeError(`Cannot write ${value} as ${field}: out of range`);
}
