/**
 * The field of 256 elements in which parity is computed (docs/format.md section 15): bytes are polynomials over the
 * field of two elements modulo x^8 + x^4 + x^3 + x^2 + 1. Adding is XOR; 2 is a generator, so that multiplying is adding
 * logarithms.
 */

const POLYNOMIAL = 0x11d;
const FIELD_SIZE = 256;
/** Elements that are not zero. */
const ORDER = FIELD_SIZE - 1;

/** Powers of 2, twice over, so that the sum of two logarithms is an index. */
const powers = new Uint8Array(2 * ORDER);
const logarithms = new Uint8Array(FIELD_SIZE);

for (let exponent = 0, power = 1; exponent < ORDER; exponent++) {
  powers[exponent] = power;
  powers[exponent + ORDER] = power;
  logarithms[power] = exponent;
  power = power & 0x80 ? (power << 1) ^ POLYNOMIAL : power << 1;
}

export function multiply(a: number, b: number): number {
  return a === 0 || b === 0 ? 0 : powers[logarithms[a]! + logarithms[b]!]!;
}

/** @param a not zero */
export function invert(a: number): number {
  return powers[ORDER - logarithms[a]!]!;
}

/** The products of `factor` with all elements. */
export function productsOf(factor: number): Uint8Array {
  return Uint8Array.from({ length: FIELD_SIZE }, (_, element) => multiply(factor, element));
}
