/**
 * Frames: the unit of compression and encryption (docs/format.md section 10).
 *
 *     pack key  = HKDF(K("pack", epoch, domain), encapsulation, "bcat/1/pack-key" | u8 kind of chunks)
 *     frame key = HKDF(pack key, salt of the frame, "bcat/1/frame")
 *     frame     = GCM(frame key, zero nonce, u8 codec | u32 plain length, stored plaintext)
 *
 * Nothing here names a pack or a position, so frames can be moved between packs unopened. No clock, no I/O.
 */

import { type Gcm, hkdf, nodeGcm, ZERO_NONCE } from "@bcat/crypto";
import { CorruptError } from "@bcat/errors";
import type { BlobKind } from "./blob-kind.js";
import type { PackContext } from "./context.js";
import { Scratch } from "./scratch.js";
import { CODEC_STORED, FRAME_OVERHEAD, FRAME_PLAIN_MAX, type FrameEntry, type KeyEntry } from "./tables.js";

const PACK_KEY_INFO = Buffer.from("bcat/1/pack-key");
const FRAME_INFO = Buffer.from("bcat/1/frame");
const KEY_SIZE = 32;
const ADDITIONAL_SIZE = 5;

/** The key behind one entry of a key table. */
export function packKey(context: PackContext, entry: KeyEntry, kind: BlobKind): Uint8Array {
  const parent = context.keys.derive("pack", entry.epoch, entry.domain);
  return hkdf(parent, entry.encapsulation, Buffer.concat([PACK_KEY_INFO, Uint8Array.of(kind)]));
}

/** What a frame's key and additional data are made of. */
export type FrameSettings = Pick<FrameEntry, "codec" | "salt" | "plainLength">;

/** Key and additional data of one frame after another, in the same memory. */
class FrameSecrets {
  readonly key = new Uint8Array(KEY_SIZE);
  readonly additional = new Uint8Array(ADDITIONAL_SIZE);
  readonly #view = new DataView(this.additional.buffer);

  derive(gcm: Gcm, parent: Uint8Array, frame: FrameSettings): void {
    gcm.deriveInto(parent, frame.salt, FRAME_INFO, this.key);
    this.#view.setUint8(0, frame.codec);
    this.#view.setUint32(1, frame.plainLength, true);
  }
}

/** Seals what frames store, compressed or not. Not re-entrant. */
export class FrameSealer {
  readonly #gcm: Gcm;
  readonly #secrets = new FrameSecrets();

  constructor({ gcm = nodeGcm }: Pick<PackContext, "gcm">) {
    this.#gcm = gcm;
  }

  /** Writes the sealed frame to the start of `target` and returns its length. The frame's salt is used for nothing else. */
  seal(key: Uint8Array, frame: FrameSettings, stored: Uint8Array, target: Uint8Array): number {
    this.#secrets.derive(this.#gcm, key, frame);
    return this.#gcm.sealInto(this.#secrets.key, ZERO_NONCE, this.#secrets.additional, stored, target);
  }
}

/** Opens frames. Owns one scratch buffer for compressed bytes, of 1 MiB at most; not re-entrant. */
export class FrameOpener {
  readonly #zstd: PackContext["zstd"];
  readonly #gcm: Gcm;
  readonly #secrets = new FrameSecrets();
  readonly #scratch = new Scratch(FRAME_PLAIN_MAX + FRAME_OVERHEAD);

  constructor({ zstd, gcm = nodeGcm }: Pick<PackContext, "zstd" | "gcm">) {
    this.#zstd = zstd;
    this.#gcm = gcm;
  }

  /** True when the tag of a sealed frame is right: it can be moved as it is. Nothing is decompressed. */
  isAuthentic(key: Uint8Array, frame: FrameEntry, sealed: Uint8Array): boolean {
    if (sealed.length !== frame.storedLength) return false;
    this.#secrets.derive(this.#gcm, key, frame);
    const { key: frameKey, additional } = this.#secrets;
    return this.#gcm.openInto(frameKey, ZERO_NONCE, additional, sealed, this.#scratch.take(sealed.length)) >= 0;
  }

  /**
   * Opens one frame into the first `frame.plainLength` bytes of `target`.
   *
   * @param sealed the frame as stored, tag included
   * @throws CorruptError naming `object`
   */
  open(key: Uint8Array, frame: FrameEntry, sealed: Uint8Array, target: Uint8Array, object: string): void {
    if (sealed.length !== frame.storedLength) {
      throw damaged(object, frame, `are not all there, only ${sealed.length}`);
    }
    this.#secrets.derive(this.#gcm, key, frame);
    const { key: frameKey, additional } = this.#secrets;
    const plain = target.subarray(0, frame.plainLength);
    const stored = frame.codec === CODEC_STORED ? plain : this.#scratch.take(sealed.length);
    const length = this.#gcm.openInto(frameKey, ZERO_NONCE, additional, sealed, stored);
    if (length !== sealed.length - FRAME_OVERHEAD) throw damaged(object, frame, "are damaged");
    if (frame.codec === CODEC_STORED) return;
    if (!this.#zstd.decompress(stored.subarray(0, length), plain)) {
      throw damaged(object, frame, `do not decompress to ${frame.plainLength}`);
    }
  }
}

function damaged(object: string, { storedOffset, storedLength }: FrameEntry, found: string): CorruptError {
  const bytes = `bytes ${storedOffset} to ${storedOffset + storedLength - 1} of it`;
  return new CorruptError(`Cannot read pack "${object}": ${bytes} ${found}`, { object });
}
