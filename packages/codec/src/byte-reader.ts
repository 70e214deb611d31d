/**
 * A bounds-checked reader for the little-endian fields of docs/format.md, section 1. It never reads past the end, takes
 * each value in one form only, and throws nothing but CorruptError.
 */

import { CorruptError } from "@bcat/errors";
import { zigzagMax } from "./byte-writer.js";

/** Fatal, and a byte order mark is kept: bytes that decode encode to the same bytes. */
const textDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads fields one after another. Bytes handed out are views of the input, not copies.
 *
 * There is no DataView inside: making one costs more than reading most columns.
 */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #what: string;
  #position = 0;
  #missing = 0;

  /** @param what names the object in errors: `Cannot read <what>: …`. */
  constructor(bytes: Uint8Array, what: string) {
    // A Buffer would hand out Buffers, whose slice() is a view.
    this.#bytes =
      bytes.constructor === Uint8Array ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#what = what;
  }

  /** Bytes read so far. */
  get position(): number {
    return this.#position;
  }

  /** Bytes that the field lacked which could not be read because the input ended; 0 while none did. */
  get missing(): number {
    return this.#missing;
  }

  /** Bytes not read yet. */
  get remaining(): number {
    return this.#bytes.length - this.#position;
  }

  u8(): number {
    if (this.#position >= this.#bytes.length) throw this.#short(1);
    return this.#bytes[this.#position++]!;
  }

  u16(): number {
    const position = this.skip(2);
    return this.#bytes[position]! | (this.#bytes[position + 1]! << 8);
  }

  u32(): number {
    return this.#word(this.skip(4)) >>> 0;
  }

  u64(): number {
    const position = this.skip(8);
    const value = (this.#word(position + 4) >>> 0) * 0x1_0000_0000 + (this.#word(position) >>> 0);
    if (!Number.isSafeInteger(value)) throw this.corrupt("a u64 is not below 2^53");
    return value;
  }

  /** Signed milliseconds since 1970-01-01 UTC. */
  time(): number {
    const position = this.skip(8);
    const value = this.#word(position + 4) * 0x1_0000_0000 + (this.#word(position) >>> 0);
    if (!Number.isSafeInteger(value)) throw this.corrupt("a time is not below 2^53 milliseconds");
    return value;
  }

  varint(): number {
    if (this.#position < this.#bytes.length) {
      const first = this.#bytes[this.#position]!;
      if (first < 128) {
        this.#position++;
        return first;
      }
    }
    return this.#longVarint();
  }

  zigzag(): number {
    const value = this.varint();
    if (value > 2 * zigzagMax) throw this.corrupt("a zigzag is above 2^51");
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** A varint length, at most `lengthMax`, then the bytes. */
  bytes(lengthMax: number): Uint8Array {
    const length = this.varint();
    if (length > lengthMax) throw this.corrupt(`a length of ${length} is above ${lengthMax}`);
    return this.raw(length);
  }

  /** As {@link ByteReader.bytes}, of UTF-8. */
  text(lengthMax: number): string {
    return this.#decodeText(this.bytes(lengthMax));
  }

  raw(length: number): Uint8Array {
    const position = this.skip(length);
    return this.#bytes.subarray(position, position + length);
  }

  /** Passes over bytes; where they begin. */
  skip(length: number): number {
    const position = this.#position;
    if (length > this.#bytes.length - position) throw this.#short(length);
    this.#position = position + length;
    return position;
  }

  /** All that remains. */
  rest(): Uint8Array {
    return this.raw(this.remaining);
  }

  /** All that remains, as UTF-8. */
  restText(): string {
    return this.#decodeText(this.rest());
  }

  /** @throws {CorruptError} when something follows. */
  end(): void {
    if (this.remaining !== 0) throw this.corrupt(`${this.remaining} bytes follow`);
  }

  /** An error about what was just read, to be thrown by the caller. */
  corrupt(found: string): CorruptError {
    return new CorruptError(`Cannot read ${this.#what}: before offset ${this.#position}: ${found}`);
  }

  #longVarint(): number {
    const bytes = this.#bytes;
    let value = 0;
    let scale = 1;
    for (let count = 1; count <= 8; count++) {
      if (this.#position >= bytes.length) throw this.#short(1);
      const byte = bytes[this.#position++]!;
      value += (byte & 127) * scale;
      if (byte < 128) {
        if (byte === 0) throw this.corrupt("a varint is not in its shortest form");
        if (value > Number.MAX_SAFE_INTEGER) break;
        return value;
      }
      scale *= 128;
    }
    throw this.corrupt("a varint is not below 2^53");
  }

  #decodeText(bytes: Uint8Array): string {
    try {
      return textDecoder.decode(bytes);
    } catch (error) {
      throw new CorruptError(`Cannot read ${this.#what}: a text is not UTF-8`, { cause: error });
    }
  }

  /** Signed; what is read has been skipped. */
  #word(position: number): number {
    const bytes = this.#bytes;
    return bytes[position]! | (bytes[position + 1]! << 8) | (bytes[position + 2]! << 16) | (bytes[position + 3]! << 24);
  }

  #short(length: number): CorruptError {
    this.#missing = length - this.remaining;
    return this.corrupt(`${length} bytes are wanted, ${this.remaining} are left`);
  }
}
