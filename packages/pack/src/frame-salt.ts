/**
 * Salts of frames (docs/format.md section 10). A salt decides a key that seals one message with the zero nonce, so it may
 * never come twice for two messages. Randomness and the counter see to that; what the message is made of takes part for
 * a machine that is resumed twice from one image, where both come twice. It is named, not hashed: ids stand for their
 * chunks, codec and stored length for what zstd made of them, the offset for the piece of a large chunk.
 */
import type { IncrementalHash } from "@bcat/crypto";
import type { PackContext } from "./context.js";
import { FRAME_SALT_SIZE } from "./frame-group.js";

const SEED_SIZE = 32;
const COUNTER_OFFSET = SEED_SIZE;
const CODEC_OFFSET = COUNTER_OFFSET + 8;
const LENGTH_OFFSET = CODEC_OFFSET + 1;
const PIECE_OFFSET = LENGTH_OFFSET + 4;
const HEAD_SIZE = PIECE_OFFSET + 4;

/** What is sealed: the whole ids of the chunks, one after another, the frame's codec, stored length and first byte. */
export interface FrameContents {
  readonly ids: Uint8Array;
  readonly codec: number;
  readonly storedLength: number;
  /** Where a piece begins in its large chunk; 0 for shared frames. */
  readonly pieceOffset: number;
}

export class FrameSalts {
  readonly #hash: IncrementalHash;
  readonly #head = new Uint8Array(HEAD_SIZE);
  readonly #view = new DataView(this.#head.buffer);
  readonly #digest = new Uint8Array(32);
  #counter = 0n;

  constructor({ blake3, random }: Pick<PackContext, "blake3" | "random">) {
    this.#hash = blake3.incremental();
    this.#head.set(random(SEED_SIZE));
  }

  /** Writes the salt of the next frame, 16 bytes, at `offset` of `target`. */
  next(contents: FrameContents, target: Uint8Array, offset: number): void {
    this.#view.setBigUint64(COUNTER_OFFSET, ++this.#counter, true);
    this.#view.setUint8(CODEC_OFFSET, contents.codec);
    this.#view.setUint32(LENGTH_OFFSET, contents.storedLength, true);
    this.#view.setUint32(PIECE_OFFSET, contents.pieceOffset, true);
    this.#hash.update(this.#head);
    this.#hash.update(contents.ids);
    this.#hash.digestInto(this.#digest, 0);
    target.set(this.#digest.subarray(0, FRAME_SALT_SIZE), offset);
  }
}
