/** What a restore does with what is there already: its flags, and what is said of it at the end. */
import type { Overwrite, RestoreSummary } from "@bcat/snapshot";
import { formatBytes, formatItems } from "./format.js";
import type { Flags, Options } from "./options.js";

/** As in the package, which is loaded only when there is something to restore. */
const modes: readonly Overwrite[] = ["always", "if-changed", "if-newer", "never"];

export const overwriteFlags: Flags = {
  overwrite: {
    kind: "text",
    choices: modes,
    description:
      "restore over what is there: always (what differs), if-changed (trusting size and time), if-newer (in the snapshot), never (only what is missing)",
  },
};

/** Undefined when nothing may be in the way. */
export function overwriteOf(options: Options): Overwrite | undefined {
  const word = options.text("overwrite");
  return modes.find((mode) => mode === word);
}

/** In the summary of `--json`. */
export function unchangedFields({ filesUnchanged, bytesUnchanged }: RestoreSummary): object {
  return { files_unchanged: filesUnchanged, bytes_unchanged: bytesUnchanged };
}

/** A line for people; none when everything was restored anew. */
export function unchangedLines({ filesUnchanged, bytesUnchanged }: RestoreSummary): string[] {
  if (filesUnchanged === 0 && bytesUnchanged === 0) return [];
  return [
    `already there: ${formatItems(filesUnchanged, "file or link", "files and links")}; not fetched: ${formatBytes(bytesUnchanged)}`,
  ];
}
