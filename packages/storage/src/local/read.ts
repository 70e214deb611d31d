import { clampRange } from "../byte-range.js";
import { type GetOptions, objectSizeMax } from "../storage.js";
import type { LocalFile } from "./file-system.js";
import { LocalFault } from "./system-error.js";

/**
 * The bytes of an open file within `range`, all of them without one, in `into` if they fit, or a fresh buffer. Fewer when the file ends
 * earlier; undefined when it is no regular file.
 */
export async function readFile(
  file: LocalFile,
  { range, into }: Pick<GetOptions, "range" | "into"> = {},
): Promise<Uint8Array | undefined> {
  const status = await file.stat();
  if (!status.isFile()) return undefined;
  const { offset, length } = clampRange(range, status.size);
  if (length > objectSizeMax) {
    throw new LocalFault(`${length} bytes are above the maximum ${objectSizeMax}`);
  }
  const isGiven = into !== undefined && into.length >= length;
  const bytes = isGiven ? into.subarray(0, length) : new Uint8Array(length);
  const filled = await fill(file, bytes, offset);
  if (filled === length) return bytes;
  return isGiven ? bytes.subarray(0, filled) : bytes.slice(0, filled);
}

/** Reads from `position` until `bytes` is full or the file ends; the number of bytes read. */
async function fill(file: LocalFile, bytes: Uint8Array, position: number): Promise<number> {
  let filled = 0;
  while (filled < bytes.length) {
    const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
}
