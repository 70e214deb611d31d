/**
 * What an implementation of GCM must show before it is used, in about a millisecond: an ABI that is not the one we
 * know must lead to the slow way and not to wrong data.
 */

import { GCM_NONCE_LENGTH, GCM_TAG_LENGTH, type Gcm } from "./gcm.js";

/** McGrew, Viega, test case 14: a block of zeros, under a key and a nonce of zeros. */
const KNOWN_SEALED = Buffer.from("cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919", "hex");
/** The last one is longer than what any implementation does in one step, and no multiple of a block. */
const LENGTHS = [0, 5, 40_007];

/** @throws Error naming the first thing in which `gcm` differs from the standard, or from `reference` */
export function assertSound(gcm: Gcm, reference: Gcm): void {
  const known = new Uint8Array(KNOWN_SEALED.length);
  gcm.sealInto(new Uint8Array(32), new Uint8Array(GCM_NONCE_LENGTH), known.subarray(0, 0), new Uint8Array(16), known);
  assertEqual(known, KNOWN_SEALED, "the standard's example");
  const [parent, nonce, text] = [pattern(32, 7), pattern(GCM_NONCE_LENGTH, 11), pattern(61, 13)];
  const [key, expectedKey] = [new Uint8Array(32), new Uint8Array(32)];
  gcm.deriveInto(parent, nonce, text, key);
  reference.deriveInto(parent, nonce, text, expectedKey);
  assertEqual(key, expectedKey, "a derived key");
  for (const length of LENGTHS) {
    // At odd places of their buffers.
    const plain = pattern(length + 1, 19).subarray(1);
    const [sealed, expected] = [new Uint8Array(length + 17).subarray(1), new Uint8Array(length + 16)];
    gcm.sealInto(key, nonce, text, plain, sealed);
    reference.sealInto(key, nonce, text, plain, expected);
    assertEqual(sealed, expected, `a sealed message of ${length} bytes`);
    assertOpens(gcm, { key, nonce, text, sealed, plain });
  }
}

interface Message {
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
  readonly text: Uint8Array;
  readonly sealed: Uint8Array;
  readonly plain: Uint8Array;
}

/** Refused with a wrong tag, its first or last bit, and opened again afterwards. */
function assertOpens(gcm: Gcm, { key, nonce, text, sealed, plain }: Message): void {
  const what = `a message of ${plain.length} bytes`;
  for (const at of [sealed.length - GCM_TAG_LENGTH, sealed.length - 1]) {
    const opened = new Uint8Array(plain.length + 2).fill(0xee);
    sealed[at]! ^= 1;
    const result = gcm.openInto(key, nonce, text, sealed, opened.subarray(1));
    sealed[at]! ^= 1;
    const wiped = new Uint8Array(plain.length + 2).fill(0xee, 0, 1).fill(0xee, plain.length + 1);
    if (result !== -1) throw new Error(`self-test: ${what} opened with a wrong tag`);
    assertEqual(opened, wiped, `what is left of ${what} with a wrong tag`);
  }
  const opened = new Uint8Array(plain.length);
  if (gcm.openInto(key, nonce, text, sealed, opened) !== plain.length) throw new Error(`self-test: ${what} is refused`);
  assertEqual(opened, plain, `${what} that was opened`);
}

function pattern(length: number, step: number): Uint8Array {
  return Buffer.alloc(length, KNOWN_SEALED.subarray(0, step));
}

function assertEqual(found: Uint8Array, expected: Uint8Array, what: string): void {
  if (Buffer.compare(found, expected) !== 0) throw new Error(`self-test: ${what} differs from what is expected`);
}
