/** What a server says of the part that it sends (RFC 9110, 14.4): `bytes 0-99/1234`, `bytes 0-99/*`, `bytes ∗/1234`. */
import type { ByteRange } from "../storage.js";
import { WireFault } from "../wire/network-error.js";

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
