/** What a server says of the part that it sends (RFC 9110, 14.4): its first and last byte, and the size of the whole. */
import { clampRange } from "../byte-range.js";
import type { ByteRange } from "../storage.js";
import { WireFault } from "./network-error.js";

/** The value of the header `Range` for a range of at least one byte. */
export function rangeHeader({ offset, length }: ByteRange): string {
  const last = offset + length - 1;
  return Number.isSafeInteger(last) ? `bytes=${offset}-${last}` : `bytes=${offset}-`;
}

/**
 * Checks that an answer of `size` bytes with status 206 is what was asked for: all of it, or up to the end of the object.
 *
 * @throws {WireFault} for any other part, which would pass for the bytes of another place
 */
export function checkContentRange(header: string | undefined, range: ByteRange, size: number): void {
  const [, first = "", last = "", total = ""] = /^bytes (\d{1,16})-(\d{1,16})\/(\d{1,16}|\*)$/.exec(header ?? "") ?? [];
  const isPart = first !== "" && Number(first) === range.offset && Number(last) - Number(first) + 1 === size;
  const isWhole = size === range.length || (size < range.length && Number(last) + 1 === Number(total));
  if (isPart && isWhole) return;
  const found = header === undefined ? "a part without saying which" : `"${header.slice(0, 100)}"`;
  throw new WireFault(`asked for ${range.length} bytes from ${range.offset}, it sends ${found} of ${size} bytes`);
}

/** The part of a whole object: a copy, as the whole may be kept for others, or lie in memory where the part has to come first. */
export function cut(whole: Uint8Array, range: ByteRange): Uint8Array {
  const { offset, length } = clampRange(range, whole.length);
  return whole.slice(offset, offset + length);
}

/** What lies at or behind the end of an object, for an answer with status 416. */
export function noBytes(header: string | undefined, { offset }: ByteRange): Uint8Array {
  const [, size] = /^bytes \*\/(\d{1,16})$/.exec(header ?? "") ?? [];
  if (size === undefined || Number(size) <= offset) return new Uint8Array(0);
  throw new WireFault(`it refuses to send from ${offset} of ${size} bytes`);
}
