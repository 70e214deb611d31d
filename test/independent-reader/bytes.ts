/** Primitive values of `docs/format.md` section 1. */

/** Bytes that break a rule of the format. */
export class DamageError extends Error {
  override readonly name = "DamageError";
}

/** Bytes that a newer version of the format may have written. */
export class NewerError extends Error {
  override readonly name = "NewerError";
}

export function assertFormat(condition: boolean, message: string): asserts condition {
  if (!condition) throw new DamageError(message);
}

export function assertKnown(condition: boolean, message: string): asserts condition {
  if (!condition) throw new NewerError(message);
}

/** Reads values one after another; reading past the end is damage. */
export class ByteReader {
  readonly #bytes: Buffer;
  #offset = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#offset;
  }

  take(length: number): Buffer {
    assertFormat(length <= this.left, `${length} bytes needed, ${this.left} left`);
    this.#offset += length;
    return this.#bytes.subarray(this.#offset - length, this.#offset);
  }

  u8 = (): number => this.take(1).readUInt8();
  u16 = (): number => this.take(2).readUInt16LE();
  u32 = (): number => this.take(4).readUInt32LE();

  u64(): number {
    const value = this.take(8).readBigUInt64LE();
    assertFormat(value < 2n ** 53n, `u64 ${value} is too large`);
    return Number(value);
  }

  time(): number {
    const value = this.take(8).readBigInt64LE();
    assertFormat(value < 2n ** 53n && value > -(2n ** 53n), `time ${value} is out of range`);
    return Number(value);
  }

  varint(max = Number.MAX_SAFE_INTEGER, min = 0): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      assertFormat(value <= max && scale <= 2 ** 49, `varint is above ${max}`);
      assertFormat(byte !== 0 || scale === 1, "varint is not in its shortest form");
      scale *= 128;
      if (byte < 0x80) break;
    }
    assertFormat(value >= min, `varint ${value} is below ${min}`);
    return value;
  }

  zigzag(): number {
    const coded = this.varint();
    const value = coded % 2 === 0 ? coded / 2 : -(coded + 1) / 2;
    assertFormat(Math.abs(value) <= 2 ** 51, `zigzag ${value} is out of range`);
    return value;
  }

  bytes(max = Number.MAX_SAFE_INTEGER, min = 0): Buffer {
    return this.take(this.varint(max, min));
  }

  zeros(length: number): void {
    assertFormat(
      this.take(length).every((byte) => byte === 0),
      "bytes that must be zero are not",
    );
  }

  end(): void {
    assertFormat(this.left === 0, `${this.left} bytes too many`);
  }

  /** Items one after another to the end. */
  list<T>(item: () => T): T[] {
    const items: T[] = [];
    while (this.left > 0) items.push(item());
    return items;
  }
}

/** The size to which `length` is padded (Nikitin et al., PETS 2019). */
export function padme(length: number): number {
  if (length < 2) return length;
  const exponent = Math.floor(Math.log2(length));
  const step = 2 ** (exponent - Math.floor(Math.log2(exponent)) - 1);
  return Math.ceil(length / step) * step;
}
