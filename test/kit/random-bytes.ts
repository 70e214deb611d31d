/** Pseudo-random bytes that no compressor shrinks and no two seeds share: the keystream of AES-128-CTR. */
import { createCipheriv, createHash } from "node:crypto";
import { closeSync, openSync, writeSync } from "node:fs";

const BLOCK_SIZE = 2 ** 22;

export function randomBytesOf(seed: string, length: number): Buffer {
  return stream(seed).update(Buffer.alloc(length));
}

/** Writes a new file of `size` bytes. */
export async function writeRandomFile(path: string, seed: string, size: number): Promise<void> {
  const cipher = stream(seed);
  const zeros = Buffer.alloc(BLOCK_SIZE);
  const file = openSync(path, "wx");
  for (let left = size; left > 0; ) {
    const block = cipher.update(zeros.subarray(0, Math.min(left, BLOCK_SIZE)));
    for (let done = 0; done < block.length; ) done += writeSync(file, block, done);
    left -= block.length;
    await new Promise((resolve) => setImmediate(resolve));
  }
  closeSync(file);
}

function stream(seed: string) {
  const key = createHash("sha256").update(seed).digest();
  return createCipheriv("aes-128-ctr", key.subarray(0, 16), key.subarray(16));
}
