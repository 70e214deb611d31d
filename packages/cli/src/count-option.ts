/** Options that are numbers of threads. */
import type { Context } from "./command.js";
import { quoteText } from "./quote.js";
import { usageError } from "./usage.js";

/** @throws {BcatError} with code "usage" */
export function countOption(options: Context["options"], name: string): number | undefined {
  const text = options.text(name);
  if (text === undefined) return undefined;
  if (/^\d{1,3}$/.test(text)) return Number(text);
  throw usageError(`Cannot use --${name} ${quoteText(text)}: give a number from 0 to 999`);
}
