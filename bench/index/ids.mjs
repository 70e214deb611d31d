/** Chunk ids as they are in life, evenly spread, and each found again by its number: AES of a counter. */
import { createCipheriv } from "node:crypto";

export const ID_SIZE = 16;
const key = Buffer.alloc(16, 5);

/** @returns the ids of `count` chunks beginning with number `first`, in one buffer */
export function idsFrom(first, count) {
  const counter = Buffer.alloc(16);
  counter.writeBigUInt64BE(BigInt(first), 8);
  return createCipheriv("aes-128-ctr", key, counter).update(Buffer.alloc(count * ID_SIZE));
}
