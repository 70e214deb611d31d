/**
 * Frames: the unit of compression and encryption (docs/format.md section 10).
 *
 *     pack key  = HKDF(K("pack", epoch, domain), encapsulation, "bcat/1/pack-key" | u8 kind of chunks)
 *     frame key = HKDF(pack key, salt of the frame, "bcat/1/frame")
 *     frame     = GCM(frame key, zero nonce, u8 codec | u32 plain length, stored plaintext)
 *
 * Nothing here names a pack or a position, so frames can be moved between packs unopened. No clock, no I/O.
 */

import { hkdf, openGcmInto, sealGcmInto, ZERO_NONCE } from "@bcat/crypto";
import { CorruptError } from "@bcat/errors";
import type { BlobKind } from "./blob-kind.js";
import type { PackContext } from "./context.js";
import { CODEC_STORED, CODEC_ZSTD, FRAME_OVERHEAD, FRAME_PLAIN_MAX, type FrameEntry, type KeyEntry } from "./tables.js";

const PACK_KEY_INFO = Buffer.from("bcat/1/pack-key");
const FRAME_INFO = Buffer.from("bcat/1/frame");

/** The key behind one entry of a key table. */
export function packKey(context: PackContext, entry: KeyEntry, kind: BlobKind): Uint8Array {
  const parent = context.keys.derive("pack", entry.epoch, entry.domain);
  return hkdf(parent, entry.encapsulation, Buffer.concat([PACK_KEY_INFO, Uint8Array.of(kind)]));
}

function frameAdditionalData(codec: number, plainLength: number): Uint8Array {
  const additional = new Uint8Array(5);
  additional[0] = codec;
  new DataView(additional.buffer).setUint32(1, plainLength, true);
  return additional;
}

/** What sealing one frame produced; the sealed bytes are in the caller's target. */
export interface SealedFrame {
  readonly codec: number;
  readonly salt: Uint8Array;
  readonly storedLength: number;
}

/** Seals frames under the keys of packs. Owns one scratch buffer for compressed bytes; not re-entrant. */
export class FrameSealer {
  readonly #context: PackContext;
  readonly #level: number;
  readonly #scratch = new Uint8Array(FRAME_PLAIN_MAX);
  readonly #seed: Uint8Array;
  #counter = 0n;

  /** @param level zstd level, or 0 for no compression */
  constructor(context: PackContext, level: number) {
    this.#context = context;
    this.#level = level;
    this.#seed = context.random(32);
  }

  /** Compresses and seals `plain` (1 byte to 1 MiB) into `target`, which needs plain.length + 16 bytes. */
  seal(key: Uint8Array, plain: Uint8Array, target: Uint8Array): SealedFrame {
    const compressed = this.#compress(plain);
    const codec = compressed === undefined ? CODEC_STORED : CODEC_ZSTD;
    const stored = compressed ?? plain;
    const salt = this.#freshSalt(stored);
    const frameKey = hkdf(key, salt, FRAME_INFO);
    const additional = frameAdditionalData(codec, plain.length);
    const storedLength = sealGcmInto(frameKey, ZERO_NONCE, additional, stored, target);
    return { codec, salt, storedLength };
  }

  #compress(plain: Uint8Array): Uint8Array | undefined {
    if (this.#level === 0 || plain.length < 2) return undefined;
    const room = this.#scratch.subarray(0, plain.length - 1);
    const length = this.#context.zstd.compress(plain, room, this.#level);
    return length === 0 ? undefined : room.subarray(0, length);
  }

  /** Fresh for every frame, also in a machine resumed twice from one image: then the contents tell them apart. */
  #freshSalt(stored: Uint8Array): Uint8Array {
    const counter = new Uint8Array(8);
    new DataView(counter.buffer).setBigUint64(0, ++this.#counter, true);
    const content = this.#context.blake3.hash(stored);
    return this.#context.blake3.hash(this.#seed, counter, content).slice(0, 16);
  }
}

/** Opens frames. Owns one scratch buffer for compressed bytes; not re-entrant. */
export class FrameOpener {
  readonly #context: PackContext;
  readonly #scratch = new Uint8Array(FRAME_PLAIN_MAX);

  constructor(context: PackContext) {
    this.#context = context;
  }

  /**
   * Opens one frame into the first `frame.plainLength` bytes of `target`.
   *
   * @param sealed the frame as stored, tag included
   * @throws CorruptError naming `object`
   */
  open(key: Uint8Array, frame: FrameEntry, sealed: Uint8Array, target: Uint8Array, object: string): void {
    if (sealed.length !== frame.storedLength) {
      throw frameError(object, frame, `${sealed.length} bytes are there of ${frame.storedLength}`);
    }
    const frameKey = hkdf(key, frame.salt, FRAME_INFO);
    const additional = frameAdditionalData(frame.codec, frame.plainLength);
    const plain = target.subarray(0, frame.plainLength);
    const stored = frame.codec === CODEC_STORED ? plain : this.#scratch;
    const length = openGcmInto(frameKey, ZERO_NONCE, additional, sealed, stored);
    if (length !== sealed.length - FRAME_OVERHEAD) throw frameError(object, frame, "its tag does not verify");
    if (frame.codec === CODEC_STORED) return;
    if (!this.#context.zstd.decompress(stored.subarray(0, length), plain)) {
      throw frameError(object, frame, `it does not decompress to ${frame.plainLength} bytes`);
    }
  }
}

function frameError(object: string, frame: FrameEntry, found: string): CorruptError {
  return new CorruptError(`Cannot open frame at offset ${frame.storedOffset} of "${object}": ${found}`, { object });
}
