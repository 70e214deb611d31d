/** The hash of a body, once for its signature and its checksum. */
import { createHash } from "node:crypto";

/** Bytes hashed before others get their turn: a few milliseconds. */
const turnLength = 4 * 2 ** 20;

/** SHA-256 of `bytes`, which must not change meanwhile. */
export async function sha256Of(bytes: Uint8Array): Promise<Buffer> {
  const hash = createHash("sha256");
  for (let offset = 0; offset < bytes.length; offset += turnLength) {
    if (offset > 0) await new Promise((resolve) => setImmediate(resolve));
    hash.update(bytes.subarray(offset, offset + turnLength));
  }
  return hash.digest();
}

export function md5Of(bytes: Uint8Array): string {
  return createHash("md5").update(bytes).digest("base64");
}
