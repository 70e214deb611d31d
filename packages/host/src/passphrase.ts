/** What bytes are a passphrase. */
import { BcatError } from "@bcat/errors";

/** Larger than any passphrase or key, bytes: what is larger is the wrong file. */
export const secretSizeMax = 65_536;

/**
 * The passphrase in the content of a file or output: UTF-8, without one newline at its end. `where` is for messages.
 *
 * @throws {BcatError} with code "usage" for UTF-16 and other bytes that nobody could type at a prompt.
 */
export function decodePassphrase(bytes: Uint8Array, where: string): string {
  const refuse = (found: string) => new BcatError("usage", `Cannot use the passphrase ${where}: ${found}`);
  const notText = (found: string) => refuse(`${found}; it must be text in UTF-8`);
  if (bytes.length > secretSizeMax) throw refuse(`it is longer than ${secretSizeMax} bytes`);
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff))
    throw notText("it is UTF-16");
  if (bytes.includes(0)) throw notText("it holds a NUL byte");
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes).replace(/\r?\n$/, "");
  } catch {
    throw notText("it is not UTF-8");
  }
}
