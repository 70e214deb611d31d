/** The flags that say how entries of a snapshot are listed. */
import type { Entry } from "@bcat/snapshot";
import { entryLine, type LineOptions, pathWidth } from "./entry.js";
import { layoutFor } from "./entry-layout.js";
import type { Flags, Options } from "./options.js";
import { quoteName } from "./quote.js";

export const entryFlags: Flags = {
  long: { kind: "switch", short: "l", description: "show mode, owner, size and time too" },
  "human-readable": { kind: "switch", description: "with --long: sizes as 1.50 GiB" },
  "numeric-ids": { kind: "switch", description: "with --long: owners by number" },
};

/** Entries that are looked at before the first is written, some KB each, to know how long paths are. */
const LOOK_AHEAD = 500;

/** Writes one entry as these flags say. @param columns of the terminal, if there is one */
export function entryPrinter(options: Options, columns: number | undefined): (entry: Entry) => string {
  if (!options.switch("long")) return ({ path }) => quoteName(path);
  const given = lineOptions(options);
  return (entry) => entryLine(entry, { ...given, layout: layoutFor(columns, pathWidth(entry)) });
}

/** Writes entries as these flags say, with the same columns for all. @throws what `entries` does, behind those before */
export async function* entryLines(
  entries: AsyncIterable<Entry>,
  options: Options,
  columns: number | undefined,
): AsyncGenerator<string> {
  if (columns === undefined || !options.switch("long")) {
    const lineOf = entryPrinter(options, columns);
    for await (const entry of entries) yield lineOf(entry);
    return;
  }
  const given = lineOptions(options);
  const { first, rest } = await lookAhead(entries);
  const layout = layoutFor(columns, Math.max(0, ...first.map(pathWidth)));
  for (const entry of first) yield entryLine(entry, { ...given, layout });
  for await (const entry of rest) yield entryLine(entry, { ...given, layout });
}

/** The rest begins with the error that ended the first, if one did. */
async function lookAhead(entries: AsyncIterable<Entry>): Promise<{ first: Entry[]; rest: AsyncIterable<Entry> }> {
  const iterator = entries[Symbol.asyncIterator]();
  const first: Entry[] = [];
  try {
    while (first.length < LOOK_AHEAD) {
      const { value, done } = await iterator.next();
      if (done === true) break;
      first.push(value);
    }
  } catch (error) {
    return { first, rest: { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }) } };
  }
  return { first, rest: { [Symbol.asyncIterator]: () => iterator } };
}

function lineOptions(options: Options): LineOptions {
  return { sizesForPeople: options.switch("human-readable"), numericIds: options.switch("numeric-ids") };
}
