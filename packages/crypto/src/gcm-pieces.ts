/** AES-256-GCM as in gcm.ts, of messages that come in pieces because they are too large to be in memory twice. */

import { type CipherGCM, createCipheriv, createDecipheriv, type DecipherGCM } from "node:crypto";
import { ALGORITHM, checkKeyAndNonce, GCM_TAG_LENGTH } from "./gcm.js";

/** Seals one message. The sealed message is what {@link update} has given, in order, and then {@link end}. */
export class GcmSealing {
  readonly #cipher: CipherGCM;

  constructor(key: Uint8Array, nonce: Uint8Array, additionalData: Uint8Array) {
    checkKeyAndNonce(key, nonce);
    this.#cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: GCM_TAG_LENGTH });
    this.#cipher.setAAD(additionalData);
  }

  /** The next piece, sealed, in fresh memory. */
  update(piece: Uint8Array): Uint8Array {
    return this.#cipher.update(piece);
  }

  /** The tag. */
  end(): Uint8Array {
    this.#cipher.final();
    return this.#cipher.getAuthTag();
  }
}

/** Opens one message. What {@link update} gives is not to be trusted before {@link end} has said true. */
export class GcmOpening {
  readonly #decipher: DecipherGCM;

  /** @param tag the last 16 bytes of the sealed message, which {@link update} is not given */
  constructor(key: Uint8Array, nonce: Uint8Array, additionalData: Uint8Array, tag: Uint8Array) {
    checkKeyAndNonce(key, nonce);
    this.#decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: GCM_TAG_LENGTH });
    this.#decipher.setAAD(additionalData);
    this.#decipher.setAuthTag(tag);
  }

  /** The next piece, opened, in fresh memory. */
  update(piece: Uint8Array): Uint8Array {
    return this.#decipher.update(piece);
  }

  /** True when the tag is that of all pieces. */
  end(): boolean {
    try {
      this.#decipher.final();
      return true;
    } catch {
      return false;
    }
  }
}
