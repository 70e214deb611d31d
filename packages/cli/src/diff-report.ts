/** What a comparison has found, with restic's marks, words and fields. */
import type { Difference, DiffSums, EntrySums, LiveDiffSums } from "@bcat/snapshot";
import type { Context } from "./command.js";
import { isFolderNode } from "./entry.js";
import { formatBytes, formatCount } from "./format.js";
import { bytesField } from "./json.js";
import { quoteName } from "./quote.js";
import { requestsField } from "./requests.js";

const MARK_WIDTH = 5;

/** `M    /path`; of a folder with a slash at the end. */
export function differenceLine(difference: Difference): string {
  return `${difference.mark.padEnd(MARK_WIDTH)}${quoteName(difference.path)}${slashOf(difference)}`;
}

export function differenceFields(difference: Difference): object {
  const path = Buffer.concat([difference.path, Buffer.from(slashOf(difference))]);
  return { ...bytesField("path", path), modifier: difference.mark };
}

function slashOf({ path, left, right }: Difference): string {
  return isFolderNode((right ?? left)!) && path.at(-1) !== 0x2f ? "/" : "";
}

interface Numbers {
  readonly left: number;
  readonly right: number;
}

export function printDiffSums(sums: DiffSums, { left, right }: Numbers, { output, meter }: Context): void {
  const { added, removed, changedFiles, dataAdded, dataRemoved, isCut } = sums;
  if (output.json) {
    output.message({
      message_type: "statistics",
      source_snapshot: String(left),
      target_snapshot: String(right),
      changed_files: changedFiles,
      added: { ...entryFields(added), data_blobs: dataAdded.chunks, bytes: dataAdded.bytes },
      removed: { ...entryFields(removed), data_blobs: dataRemoved.chunks, bytes: dataRemoved.bytes },
      ...(isCut && { is_cut: true }),
      ...requestsField(meter),
    });
    return;
  }
  if (output.quiet) return;
  printEntrySums(sums, output);
  const least = isCut ? "at least " : "";
  output.print(`Added:   ${least}${formatBytes(dataAdded.bytes)}`);
  output.print(`Removed: ${least}${formatBytes(dataRemoved.bytes)}`);
}

export function printLiveSums(sums: LiveDiffSums, number: number, { output, meter }: Context): void {
  const { added, removed, changedFiles, filesRead, faults } = sums;
  if (output.json) {
    output.message({
      message_type: "statistics",
      source_snapshot: String(number),
      changed_files: changedFiles,
      added: entryFields(added),
      removed: entryFields(removed),
      files_read: filesRead,
      error_count: faults,
      ...requestsField(meter),
    });
    return;
  }
  if (!output.quiet) printEntrySums(sums, output);
}

function printEntrySums(
  { added, removed, changedFiles }: Pick<DiffSums, "added" | "removed" | "changedFiles">,
  output: Context["output"],
): void {
  const line = (what: string, key: keyof EntrySums, changed: string) =>
    output.print(`${what.padEnd(8)} ${formatCount(added[key])} new, ${formatCount(removed[key])} removed${changed}`);
  output.print("");
  line("Files:", "files", `, ${formatCount(changedFiles)} changed`);
  line("Folders:", "directories", "");
  line("Others:", "others", "");
}

function entryFields({ files, directories, others }: EntrySums): object {
  return { files, dirs: directories, others };
}
