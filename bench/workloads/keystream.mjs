/** Pseudo-random bytes that no compressor shrinks and no two seeds share: the keystream of AES-128-CTR. */
import { createCipheriv, createHash } from "node:crypto";

const BLOCK_SIZE = 1 << 20;
const zeros = Buffer.alloc(BLOCK_SIZE);

/** @returns a function that gives the next `length` bytes, at most 1 MiB at once */
export function createKeystream(seed) {
  const key = createHash("sha256").update(seed).digest();
  const cipher = createCipheriv("aes-128-ctr", key.subarray(0, 16), key.subarray(16));
  return (length) => cipher.update(zeros.subarray(0, length));
}
