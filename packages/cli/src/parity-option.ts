/** `--parity`: how much of each pack is written beside it, to mend it with. */
import type { Options } from "./options.js";
import { quoteText } from "./quote.js";
import { usageError } from "./usage.js";

/** As in the package of packs, which is loaded only when there is something to store. */
const percentMax = 100;

/** Percent, 0 for none; undefined when it is not given. @throws {BcatError} with code "usage" */
export function parityOption(options: Options): number | undefined {
  const text = options.text("parity");
  if (text === undefined) return undefined;
  const [, digits] = /^(\d{1,3})%?$/.exec(text) ?? [];
  if (digits !== undefined && Number(digits) <= percentMax) return Number(digits);
  throw usageError(
    `Cannot use --parity "${quoteText(text)}": give whole percent up to ${percentMax}, such as 5%, or 0`,
  );
}
