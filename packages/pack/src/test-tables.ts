/** Key and frame tables of any contents, for tests only. */
import fc from "fast-check";
import {
  CODEC_STORED,
  CODEC_ZSTD,
  FRAME_OVERHEAD,
  FRAME_PLAIN_MAX,
  type FrameEntry,
  type FrameTables,
  KEY_KIND_SYMMETRIC,
} from "./tables.js";

const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const key = fc.record({ kind: fc.constant(KEY_KIND_SYMMETRIC), epoch: u32, domain: u32, encapsulation: bytes(32) });
const frame = fc.record({
  key: fc.nat(),
  codec: fc.constantFrom(CODEC_STORED, CODEC_ZSTD),
  salt: bytes(16),
  plainLength: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: FRAME_PLAIN_MAX })),
  shrunkBy: fc.nat(),
});

/** Tables of one key and one frame, or some more. */
export const frameTables: fc.Arbitrary<FrameTables> = fc
  .tuple(fc.array(key, { minLength: 1, maxLength: 3 }), fc.array(frame, { minLength: 1, maxLength: 4 }))
  .map(([keys, some]) => {
    const frames: FrameEntry[] = [];
    let storedOffset = 0;
    let plainOffset = 0;
    for (const { salt, plainLength, shrunkBy, ...wanted } of some) {
      const codec = plainLength === 1 ? CODEC_STORED : wanted.codec;
      const saved = codec === CODEC_STORED ? 0 : 1 + (shrunkBy % (plainLength - 1));
      const storedLength = plainLength + FRAME_OVERHEAD - saved;
      frames.push({ key: wanted.key % keys.length, codec, salt, storedOffset, storedLength, plainOffset, plainLength });
      storedOffset += storedLength;
      plainOffset += plainLength;
    }
    return { keys, frames };
  });

/** Calls `visit` with every copy of `bytes` that has one bit flipped. */
export function forEachFlip(source: Uint8Array, visit: (flipped: Uint8Array, bit: number) => void): void {
  const flipped = source.slice();
  for (let bit = 0; bit < 8 * source.length; bit++) {
    flipped[bit >>> 3]! ^= 1 << (bit & 7);
    visit(flipped, bit);
    flipped[bit >>> 3]! ^= 1 << (bit & 7);
  }
}
