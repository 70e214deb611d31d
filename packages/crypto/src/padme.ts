/** Padding of lengths (`docs/format.md` section 1): Nikitin et al., "Reducing Metadata Leakage", PETS 2019, algorithm 1. */

const LENGTH_MAX = 2 ** 53;

/**
 * The least length of at least `length` bytes whose binary form is as short as that of a floating-point number: it
 * tells O(log log length) bits of the length and adds at most 12 %. Exact up to 2^53.
 *
 * @throws {RangeError} when `length` is not an integer from 0 to 2^53.
 */
export function padme(length: number): number {
  if (!Number.isInteger(length) || length < 0 || length > LENGTH_MAX) {
    throw new RangeError(`Cannot pad a length: found ${length}, allowed are 0 to 2^53`);
  }
  if (length < 2) return length;
  // Math.log2 may round up just below a power of two; such lengths are padded to that power anyway.
  const exponent = Math.floor(Math.log2(length));
  const significant = Math.floor(Math.log2(exponent)) + 1;
  // Dividing by a power of two is exact, so this is the paper's (length + mask) & ~mask without its limit of 32 bits.
  const unit = 2 ** (exponent - significant);
  return Math.ceil(length / unit) * unit;
}
