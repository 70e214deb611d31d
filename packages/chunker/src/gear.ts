/**
 * The gear table: one 31-bit word for each value of a byte, derived from the repository's keys so that cut points tell
 * an outsider nothing about the content (`docs/format.md` section 12.3).
 */

export const GEAR_WORDS = 256;
/** How many derived bytes make a table. */
export const GEAR_BYTES = 4 * GEAR_WORDS;

const WORD_MAX = 2 ** 31 - 1;

/**
 * The table in 1,024 derived bytes: u32 each, little-endian, top bit cleared.
 *
 * @throws {RangeError} when there are not 1,024 bytes.
 */
export function decodeGear(bytes: Uint8Array): Uint32Array {
  if (bytes.length !== GEAR_BYTES) {
    throw new RangeError(`Cannot decode a gear table: found ${bytes.length} bytes, allowed are ${GEAR_BYTES}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, GEAR_BYTES);
  return Uint32Array.from({ length: GEAR_WORDS }, (_, index) => view.getUint32(4 * index, true) & WORD_MAX);
}

/** @throws {RangeError} when this is no table of 256 words of 31 bits: sums of hash and word must not overflow. */
export function checkGear(gear: Uint32Array): void {
  if (gear.length === GEAR_WORDS && gear.every((word) => word <= WORD_MAX)) return;
  throw new RangeError(`Cannot use a gear table: found ${gear.length} words, allowed are ${GEAR_WORDS} of 31 bits`);
}
