/** What `copy` says, for people and as messages. */
import type { CopiedSnapshot, IncompleteCopy, SnapshotToCopy } from "@bcat/snapshot";
import type { Context } from "./command.js";
import { formatBytes, formatCount, formatDuration, formatItems, formatLocalTime, formatTimeMs } from "./format.js";
import type { Output } from "./output.js";
import { quoteText } from "./quote.js";
import { requestsField } from "./requests.js";

export interface CopyOutcome {
  readonly copied: readonly CopiedSnapshot[];
  /** Copies that lack as much as before. */
  readonly incomplete: number;
  readonly elapsedMs: number;
}

/** Snapshots that were not copied: as they are there, or were and have been forgotten. */
export interface LeftAlone {
  readonly present: number;
  readonly forgotten: number;
}

/** When a snapshot is committed. */
export function copiedLine(one: CopiedSnapshot, output: Output): void {
  const { from, number, files, bytes, bytesRead, dataAdded, dataAddedPacked, errors, replaced } = one;
  if (output.json)
    output.message({
      message_type: "copied",
      source_snapshot_id: String(from),
      source_snapshot_number: from,
      snapshot_id: String(number),
      snapshot_number: number,
      total_files: files,
      total_bytes: bytes,
      bytes_read: bytesRead,
      data_added: dataAdded,
      data_added_packed: dataAddedPacked,
      error_count: errors,
      ...replacesField(replaced),
    });
  else if (!output.quiet) {
    const lacks = errors === 0 ? "" : `, without ${formatItems(errors, "damaged entry", "damaged entries")}`;
    const what = `${formatItems(files, "file")}, ${formatBytes(bytes)}${lacks}`;
    const cost = `read ${formatBytes(bytesRead)}, stored ${formatBytes(dataAddedPacked)}`;
    const instead = replaced === undefined ? "" : `, in place of ${replaced.number}, which lacked ${entries(replaced)}`;
    output.print(`snapshot ${from} copied as ${number}${instead}: ${what}; ${cost}`);
  }
}

/** A copy that stays without what was damaged. */
export function incompleteLine(from: number, copy: IncompleteCopy, output: Output): void {
  const { number, lacks, isRewritten } = copy;
  const remedy = `forget ${number} here and copy ${from} by number to have them`;
  const why = isRewritten ? `and was rewritten since: ${remedy}` : "damaged there still";
  const line = `snapshot ${from} is here as ${number}, without ${entries(copy)} ${why}`;
  if (!output.json) output.complain(line);
  else {
    const warning = { message: line };
    const ids = { source_snapshot_number: from, snapshot_number: number, error_count: lacks };
    output.note(JSON.stringify({ message_type: "warning", code: "copy-incomplete", warning, ...ids }));
  }
}

function entries({ lacks }: IncompleteCopy): string {
  return formatItems(lacks, "entry", "entries");
}

function replacesField(replaced: IncompleteCopy | undefined): object {
  return replaced === undefined ? {} : { replaces: String(replaced.number) };
}

export function printCopies(
  { copied, incomplete, elapsedMs }: CopyOutcome,
  left: LeftAlone,
  { output, meter }: Context,
): void {
  const sum = (of: (one: CopiedSnapshot) => number) => copied.reduce((total, one) => total + of(one), 0);
  if (output.json)
    output.message({
      message_type: "summary",
      snapshots_copied: copied.length,
      ...leftFields(left),
      snapshots_incomplete: incomplete,
      bytes_read: sum(({ bytesRead }) => bytesRead),
      data_added: sum(({ dataAdded }) => dataAdded),
      data_added_packed: sum(({ dataAddedPacked }) => dataAddedPacked),
      error_count: sum(({ errors }) => errors),
      total_duration: elapsedMs / 1000,
      ...requestsField(meter),
    });
  else if (!output.quiet) {
    const added = formatBytes(sum(({ dataAdded }) => dataAdded));
    const stored = formatBytes(sum(({ dataAddedPacked }) => dataAddedPacked));
    const cost = copied.length === 0 ? "" : `; added ${added}, stored as ${stored}, in ${formatDuration(elapsedMs)}`;
    const lacking = incomplete === 0 ? "" : `, ${formatCount(incomplete)} still lack entries`;
    output.print(`copied ${formatItems(copied.length, "snapshot")}${leftWords(left)}${lacking}${cost}`);
  }
}

export function printDryRun(wanted: readonly SnapshotToCopy[], left: LeftAlone, { output, meter }: Context): void {
  if (output.json) {
    for (const { number, snapshot, replaces } of wanted)
      output.message({
        message_type: "would_copy",
        source_snapshot_id: String(number),
        source_snapshot_number: number,
        time: formatTimeMs(snapshot.start),
        hostname: snapshot.host,
        total_files: snapshot.counts.files,
        total_bytes: snapshot.counts.bytes,
        ...replacesField(replaces),
      });
    const counts = { snapshots_to_copy: wanted.length, ...leftFields(left) };
    output.message({ message_type: "summary", dry_run: true, ...counts, ...requestsField(meter) });
    return;
  }
  for (const { number, snapshot, replaces } of wanted) {
    const { start, host, counts } = snapshot;
    const what = `${formatLocalTime(start)}, ${quoteText(host)}, ${formatItems(counts.files, "file")}, ${formatBytes(counts.bytes)}`;
    const instead = replaces === undefined ? "" : ` again, for ${replaces.number} lacks ${entries(replaces)}`;
    output.print(`would copy snapshot ${number}${instead}: ${what}`);
  }
  if (!output.quiet) output.print(`would copy ${formatItems(wanted.length, "snapshot")}${leftWords(left)}`);
}

function leftFields({ present, forgotten }: LeftAlone): object {
  return { snapshots_present: present, snapshots_forgotten: forgotten };
}

function leftWords({ present, forgotten }: LeftAlone): string {
  const there = present === 0 ? "" : `, ${formatCount(present)} ${present === 1 ? "is" : "are"} here already`;
  if (forgotten === 0) return there;
  return `${there}, ${formatCount(forgotten)} ${forgotten === 1 ? "was" : "were"} forgotten here: name those you want again`;
}
