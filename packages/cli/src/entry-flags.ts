/** The flags that say how entries of a snapshot are listed. */
import type { Entry } from "@bcat/snapshot";
import { entryLine } from "./entry.js";
import type { Flags, Options } from "./options.js";
import { quoteName } from "./quote.js";

export const entryFlags: Flags = {
  long: { kind: "switch", short: "l", description: "show mode, owner, size and time too" },
  "human-readable": { kind: "switch", description: "with --long: sizes as 1.50 GiB" },
  "numeric-ids": { kind: "switch", description: "with --long: owners by number" },
};

/** Writes an entry as these flags say. */
export function entryPrinter(options: Options): (entry: Entry) => string {
  const sizesForPeople = options.switch("human-readable");
  const numericIds = options.switch("numeric-ids");
  if (!options.switch("long")) return ({ path }) => quoteName(path);
  return (entry) => entryLine(entry, { sizesForPeople, numericIds });
}
