/** The key slot that is tried first: with a passphrase each costs a tenth of a second. */
import type { Options } from "./options.js";
import { quoteText } from "./quote.js";
import { usageError } from "./usage.js";

/** @throws {BcatError} with code "usage" */
export function keyHint(options: Options, flag: "key-hint" | "from-key-hint" = "key-hint"): number | undefined {
  const text = options.text(flag);
  return text === undefined ? undefined : parseKeyNumber(text, `--${flag}`);
}

/** @throws {BcatError} with code "usage" */
export function parseKeyNumber(text: string, where: string): number {
  if (/^([1-9]|1\d|20)$/.test(text)) return Number(text);
  throw usageError(`Cannot use ${where} ${quoteText(text)}: give the number of a key, as bcat key list shows it`);
}
