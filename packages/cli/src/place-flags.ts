/** The flags that say how a place is reached, for all commands that have one. */
import type { PlaceOptions } from "@bcat/host";
import type { Flags, Options } from "./options.js";
import { rateOption } from "./rate.js";

export const placeFlags: Flags = {
  // Connections.
  cacert: { kind: "text", description: "file of certificates (PEM) to trust besides the well-known ones" },
  "limit-upload": {
    kind: "text",
    description: "bytes a second to send at most: 500K, 1M, or by time of day, 08:00,1M 23:00,off",
  },
  "limit-download": { kind: "text", description: "bytes a second to receive at most, in the same form" },
};

/** @throws {BcatError} with code "usage" */
export function placeOptions(options: Options): PlaceOptions {
  return {
    certificates: options.text("cacert"),
    limits: { upload: rateOption(options, "limit-upload"), download: rateOption(options, "limit-download") },
  };
}
