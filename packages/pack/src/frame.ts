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
import { CODEC_STORED, FRAME_OVERHEAD, FRAME_PLAIN_MAX, type FrameEntry, type KeyEntry } from "./tables.js";

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

/** Seals what a frame stores, compressed or not, into `target`, and returns the stored length. `salt` is used once. */
export function sealFrame(
  key: Uint8Array,
  frame: { readonly codec: number; readonly salt: Uint8Array; readonly plainLength: number },
  stored: Uint8Array,
  target: Uint8Array,
): number {
  const frameKey = hkdf(key, frame.salt, FRAME_INFO);
  return sealGcmInto(frameKey, ZERO_NONCE, frameAdditionalData(frame.codec, frame.plainLength), stored, target);
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
