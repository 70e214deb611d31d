/**
 * A padded body, the plaintext of every sealed object, directory and footer: the zeros hide how long the body is
 * (`docs/format.md` sections 4, 10 and 11, which differ in how many zeros there are).
 *
 *     u32 length ‖ body ‖ zeros
 */

import { CorruptError } from "@bcat/errors";
import { padme } from "./padme.js";

const PREFIX_LENGTH = 4;
const OBJECT_LENGTH_MIN = 208;

/** The length of a padded body in sealed objects of section 4. */
export function paddedBodyLength(bodyLength: number): number {
  return padme(Math.max(PREFIX_LENGTH + bodyLength, OBJECT_LENGTH_MIN));
}

/** @throws {RangeError} when `paddedLength` has no room for the body. */
export function encodePaddedBody(body: Uint8Array, paddedLength: number): Uint8Array {
  if (paddedLength < PREFIX_LENGTH + body.length) {
    throw new RangeError(`Cannot pad a body of ${body.length} bytes: found ${paddedLength} bytes of room`);
  }
  const padded = new Uint8Array(paddedLength);
  new DataView(padded.buffer).setUint32(0, body.length, true);
  padded.set(body, PREFIX_LENGTH);
  return padded;
}

/**
 * The body, a view on `padded`. How many zeros are allowed is for the caller to check.
 *
 * @throws {CorruptError} naming `objectName`, when the length does not fit or the padding is not zero.
 */
export function decodePaddedBody(padded: Uint8Array, objectName: string): Uint8Array {
  if (padded.length < PREFIX_LENGTH) {
    throw corrupt(objectName, `padded body of ${padded.length} bytes is below the minimum ${PREFIX_LENGTH}`);
  }
  const length = new DataView(padded.buffer, padded.byteOffset).getUint32(0, true);
  const room = padded.length - PREFIX_LENGTH;
  if (length > room) throw corrupt(objectName, `body length ${length} is above the ${room} bytes there are`);
  const end = PREFIX_LENGTH + length;
  if (padded.subarray(end).some((byte) => byte !== 0)) throw corrupt(objectName, "padding is not zero");
  return padded.subarray(PREFIX_LENGTH, end);
}

function corrupt(objectName: string, found: string): CorruptError {
  return new CorruptError(`Cannot open "${objectName}": ${found}`, { object: objectName });
}
