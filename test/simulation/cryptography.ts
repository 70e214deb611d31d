/**
 * What the packages and the independent reader call of `node:crypto`; `hooks.mjs` puts it in its place for them. In most
 * runs a message is sealed by a few operations a byte, and keys are derived by as few. It is no cryptography, but another
 * key, other additional data, and a byte that was changed are still seen. Some runs have the real ones.
 */
import {
  createCipheriv as createRealCipher,
  createDecipheriv as createRealDecipher,
  createHmac as createRealHmac,
  hkdfSync as deriveReal,
} from "node:crypto";

export { createHash, scrypt, scryptSync, timingSafeEqual } from "node:crypto";

const HASH_SIZE = 32;
const TAG_SIZE = 16;
const PRIME = 0x01000193;

let isReal = true;

/** Of all that is sealed and derived from now on. */
export function useRealCryptography(isOn: boolean): void {
  isReal = isOn;
}

type Data = Uint8Array | string;

/** Two sums of 32 bits over all that they are given. Either differs after one byte that differs. */
class Sum {
  #low = 0x811c9dc5 | 0;
  #high = 0x2545f491;

  add(bytes: Uint8Array): this {
    let low = this.#low;
    let high = this.#high;
    for (let i = 0; i < bytes.length; i++) {
      low = Math.imul(low ^ bytes[i]!, PRIME);
      high = (Math.imul(high, 31) + bytes[i]!) | 0;
    }
    this.#low = low;
    this.#high = high;
    return this;
  }

  /** Fresh memory. */
  digest(length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    for (let at = 0; at < length; at += 4) {
      const half = at % 8 === 0 ? this.#low ^ this.#high : this.#high;
      bytes.writeInt32LE(mixed(Math.imul(half, 0x9e3779b1) + at), at);
    }
    return bytes;
  }
}

function mixed(word: number): number {
  const half = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  const all = Math.imul(half ^ (half >>> 13), 0xc2b2ae35);
  return all ^ (all >>> 16);
}

class StandInHmac {
  readonly #sum: Sum;

  constructor(key: Uint8Array) {
    this.#sum = new Sum().add(key);
  }

  update(data: Data): this {
    this.#sum.add(typeof data === "string" ? Buffer.from(data) : data);
    return this;
  }

  digest(): Buffer {
    return this.#sum.digest(HASH_SIZE);
  }
}

/** Seals and opens: each byte is joined with one of the key, and the sums are over the plaintext. */
class StandInCipher {
  readonly #key: Uint8Array;
  readonly #sum: Sum;
  readonly #isOpening: boolean;
  #tag: Uint8Array | undefined;
  #at = 0;

  constructor(key: Uint8Array, nonce: Uint8Array, isOpening: boolean) {
    this.#key = key;
    this.#sum = new Sum().add(key).add(nonce);
    this.#isOpening = isOpening;
  }

  setAAD(bytes: Uint8Array): this {
    this.#sum.add(bytes).add(Uint8Array.of(bytes.length));
    return this;
  }

  setAuthTag(tag: Uint8Array): this {
    this.#tag = tag.slice();
    return this;
  }

  update(bytes: Uint8Array): Buffer {
    const joined = Buffer.allocUnsafe(bytes.length);
    for (let i = 0; i < bytes.length; i++) joined[i] = bytes[i]! ^ this.#key[(this.#at + i) & (HASH_SIZE - 1)]!;
    this.#at += bytes.length;
    this.#sum.add(this.#isOpening ? joined : bytes);
    return joined;
  }

  /** @throws when it is not what was sealed */
  final(): Buffer {
    if (this.#isOpening && !this.getAuthTag().equals(this.#tag!)) throw new Error("Unsupported state");
    return Buffer.alloc(0);
  }

  getAuthTag(): Buffer {
    return this.#sum.digest(TAG_SIZE);
  }
}

export function createHmac(algorithm: string, key: Uint8Array): unknown {
  return isReal ? createRealHmac(algorithm, key) : new StandInHmac(key);
}

type CipherWords = Parameters<typeof createRealCipher>;

export function createCipheriv(...words: CipherWords): unknown {
  return isReal ? createRealCipher(...words) : new StandInCipher(words[1] as Uint8Array, words[2] as Uint8Array, false);
}

export function createDecipheriv(...words: CipherWords): unknown {
  return isReal
    ? createRealDecipher(...words)
    : new StandInCipher(words[1] as Uint8Array, words[2] as Uint8Array, true);
}

/** One block: what two HMACs make of it. */
export function hkdfSync(
  hash: string,
  key: Uint8Array,
  salt: Uint8Array,
  info: Uint8Array,
  length: number,
): Uint8Array {
  if (isReal) return new Uint8Array(deriveReal(hash, key, salt, info, length));
  const extracted = new StandInHmac(salt).update(key).digest();
  return new StandInHmac(extracted).update(Buffer.alloc(0)).update(info).update(Uint8Array.of(1)).digest();
}
