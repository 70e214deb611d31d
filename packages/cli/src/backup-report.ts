/** What a backup did, for people and in restic's summary. */
import type { BackupSummary } from "@bcat/snapshot";
import { formatBytes, formatCount, formatDuration, formatItems, formatTimeMs } from "./format.js";

/** Four to eight lines. */
export function backupReport(summary: BackupSummary): string[] {
  const { isDryRun, errors, skipped, filesChangedWhileRead, totalSymlinks, totalOthers } = summary;
  const what = [
    formatItems(summary.totalFiles, "file"),
    ...(totalSymlinks === 0 ? [] : [formatItems(totalSymlinks, "link")]),
    ...(totalOthers === 0 ? [] : [formatItems(totalOthers, "special file")]),
    formatBytes(summary.totalBytes),
  ].join(", ");
  const changes = (added: number, changed: number, unmodified: number) =>
    `${formatCount(added)} new, ${formatCount(changed)} changed, ${formatCount(unmodified)} unmodified`;
  return [
    headline(summary, what),
    `files: ${changes(summary.filesNew, summary.filesChanged, summary.filesUnmodified)}`,
    `folders: ${changes(summary.dirsNew, summary.dirsChanged, summary.dirsUnmodified)}`,
    isDryRun
      ? `would add: ${formatBytes(summary.dataAdded)}, before compression`
      : `added: ${formatBytes(summary.dataAdded)}, stored as ${formatBytes(summary.dataAddedPacked)}`,
    ...(summary.healedChunks === 0 ? [] : [healedLine(summary)]),
    ...(errors === 0 ? [] : [`errors: ${formatCount(errors)}, each named above`]),
    ...(skipped === 0 ? [] : [`skipped: ${formatCount(skipped)}`]),
    ...(filesChangedWhileRead === 0
      ? []
      : [`changed while being read: ${formatItems(filesChangedWhileRead, "file")}, stored and marked`]),
    `took: ${formatDuration(summary.end - summary.start)}`,
  ];
}

function healedLine({ isDryRun, healedChunks }: BackupSummary): string {
  const chunks = formatItems(healedChunks, "chunk");
  return `${isDryRun ? "would heal" : "healed"}: ${chunks} of packs that were missing or damaged`;
}

function headline({ snapshotNumber, isDryRun, unchangedSince }: BackupSummary, what: string): string {
  const same = unchangedSince === undefined ? "" : `; nothing has changed since snapshot ${unchangedSince}`;
  if (isDryRun) return `dry run: ${what}; nothing was stored${same}`;
  return snapshotNumber === undefined ? `no snapshot was made: ${what}${same}` : `snapshot ${snapshotNumber}: ${what}`;
}

/** The message `summary` of `--json`. */
export function backupMessage(summary: BackupSummary): object {
  const { snapshotNumber: number, parent } = summary;
  return {
    message_type: "summary",
    ...(summary.isDryRun ? { dry_run: true } : {}),
    files_new: summary.filesNew,
    files_changed: summary.filesChanged,
    files_unmodified: summary.filesUnmodified,
    dirs_new: summary.dirsNew,
    dirs_changed: summary.dirsChanged,
    dirs_unmodified: summary.dirsUnmodified,
    data_blobs: summary.dataChunks,
    tree_blobs: summary.treeChunks,
    ...(summary.healedChunks === 0 ? {} : { healed_blobs: summary.healedChunks }),
    data_added: summary.dataAdded,
    data_added_packed: summary.dataAddedPacked,
    total_files_processed: summary.totalFiles,
    total_symlinks: summary.totalSymlinks,
    total_others: summary.totalOthers,
    total_bytes_processed: summary.totalBytes,
    backup_start: formatTimeMs(summary.start),
    backup_end: formatTimeMs(summary.end),
    total_duration: (summary.end - summary.start) / 1000,
    error_count: summary.errors,
    files_changed_while_read: summary.filesChangedWhileRead,
    ...(number === undefined ? {} : { snapshot_id: String(number), snapshot_number: number }),
    ...(parent === undefined ? {} : { parent: String(parent) }),
    ...(summary.unchangedSince === undefined ? {} : { unchanged_since: String(summary.unchangedSince) }),
  };
}
