/** `-vv`: a line for each file of a backup, and for each entry of a restore; restic's `verbose_status` with `--json`. */
import type { CountedEntry, CountedFile } from "@bcat/snapshot";
import type { Context } from "./command.js";
import { formatBytes } from "./format.js";
import { bytesField } from "./json.js";
import { quoteName } from "./quote.js";

type Verbose = Pick<Context, "options" | "output">;

/** How often `--verbose` is given for that. */
const EACH_ENTRY = 2;

/** Undefined where nobody wants to know. */
export function onEachFile(context: Verbose): ((file: CountedFile) => void) | undefined {
  if (!isWanted(context)) return undefined;
  // restic calls it unchanged, and bcat's summary unmodified.
  return ({ path, change, size }) =>
    print({ path, size, word: change, action: change === "unmodified" ? "unchanged" : actions[change] }, context);
}

const actions = { new: "new", changed: "modified" } as const;

/** Undefined where nobody wants to know. */
export function onEachEntry(context: Verbose): ((entry: CountedEntry) => void) | undefined {
  if (!isWanted(context)) return undefined;
  return ({ path, action, size }) => print({ path, size, word: action, action }, context);
}

function isWanted({ options, output }: Verbose): boolean {
  return options.count("verbose") >= EACH_ENTRY && !output.quiet;
}

interface Line {
  readonly path: Uint8Array;
  readonly size: number;
  /** For people. */
  readonly word: string;
  /** restic's word. */
  readonly action: string;
}

function print({ path, size, word, action }: Line, { output }: Verbose): void {
  if (output.json)
    output.message({ message_type: "verbose_status", action, ...bytesField("item", path), data_size: size });
  else output.print(`${word.padEnd(10)} ${quoteName(path)}, ${formatBytes(size)}`);
}
