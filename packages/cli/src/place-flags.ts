/** The flags that say how a place is reached and used, for all commands that have one, and what they come to. */
import type { PlaceOptions } from "@bcat/host";
import type { Flags, Options } from "./options.js";
import { quoteText } from "./quote.js";
import { rateOption } from "./rate.js";
import { s3Flags, s3Options } from "./s3-flags.js";
import { usageError } from "./usage.js";

export const placeFlags: Flags = {
  // Connections.
  cacert: {
    kind: "text",
    value: "FILE",
    description: "file of certificates (PEM) to trust besides the well-known ones",
  },
  "limit-upload": {
    kind: "text",
    value: "RATE",
    description: "bytes a second to send at most: 500K, 1M, or by time of day, 08:00,1M 23:00,off",
  },
  "limit-download": { kind: "text", value: "RATE", description: "bytes a second to receive at most, in the same form" },
  registers: {
    kind: "text",
    value: "PLACE",
    description:
      "where the repository's registers are, if elsewhere: postgres://user@host/database or another folder (only for what writes)",
  },
  "retry-for": {
    kind: "text",
    value: "TIME",
    description: "how long to try a failed request again, with s, m or h; 0 for never (default: 15m; not for folders)",
  },
  ...s3Flags,
};

/** @throws {BcatError} with code "usage" */
export function placeOptions(options: Options): PlaceOptions {
  const retryFor = options.text("retry-for");
  return {
    ...s3Options(options),
    certificates: options.text("cacert"),
    limits: { upload: rateOption(options, "limit-upload"), download: rateOption(options, "limit-download") },
    ...(retryFor === undefined ? {} : { retryForMs: durationMs("--retry-for", retryFor) }),
  };
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
