/** The flags that say how a place is used, and what they come to. */
import type { PlaceOptions } from "@bcat/host";
import type { Flags, Options } from "./options.js";
import { quoteText } from "./quote.js";
import { usageError } from "./usage.js";

/** Of every command. */
export const placeFlags: Flags = {
  registers: {
    kind: "text",
    description:
      "where the repository's registers are, if elsewhere: postgres://user@host/database or another folder (only for what writes)",
  },
  "retry-for": {
    kind: "text",
    description: "how long to try a failed request again, with s, m or h; 0 for never (default: 15m; not for folders)",
  },
};

/** @throws {BcatError} with code "usage" */
export function placeOptions(options: Options): PlaceOptions {
  const retryFor = options.text("retry-for");
  return { ...(retryFor === undefined ? {} : { retryForMs: durationMs("--retry-for", retryFor) }) };
}

const unitMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds in `90s`, `15m`, `1.5h` or `0`. */
function durationMs(flag: string, text: string): number {
  const [, digits = "", unit = ""] = /^(\d{1,6}(?:\.\d{1,3})?)([smh])$/.exec(text) ?? [];
  if (text === "0") return 0;
  if (digits === "")
    throw usageError(`Cannot use ${flag} ${quoteText(text)}: give a time such as 90s, 15m or 2h, or 0`);
  return Number(digits) * (unitMs[unit] ?? 0);
}
