/** What a backup did, for people and in restic's summary. */
import type { BackupSummary } from "@bcat/snapshot";
import { formatBytes, formatCount, formatDuration, formatItems, formatTimeMs } from "./format.js";

/** Four to seven lines. */
export function backupReport(summary: BackupSummary): string[] {
  const { snapshotNumber, errors, skipped, filesChangedWhileRead, totalSymlinks, totalOthers } = summary;
  const what = [
    formatItems(summary.totalFiles, "file"),
    ...(totalSymlinks === 0 ? [] : [formatItems(totalSymlinks, "link")]),
    ...(totalOthers === 0 ? [] : [formatItems(totalOthers, "special file")]),
    formatBytes(summary.totalBytes),
  ].join(", ");
  const changes = (added: number, changed: number, unmodified: number) =>
    `${formatCount(added)} new, ${formatCount(changed)} changed, ${formatCount(unmodified)} unmodified`;
  return [
    snapshotNumber === undefined ? `dry run: ${what}; nothing was stored` : `snapshot ${snapshotNumber}: ${what}`,
    `files: ${changes(summary.filesNew, summary.filesChanged, summary.filesUnmodified)}`,
    `folders: ${changes(summary.dirsNew, summary.dirsChanged, summary.dirsUnmodified)}`,
    snapshotNumber === undefined
      ? `would add: ${formatBytes(summary.dataAdded)}, before compression`
      : `added: ${formatBytes(summary.dataAdded)}, stored as ${formatBytes(summary.dataAddedPacked)}`,
    ...(errors + skipped === 0
      ? []
      : [`errors: ${formatCount(errors)}, each named above; skipped: ${formatCount(skipped)}`]),
    ...(filesChangedWhileRead === 0
      ? []
      : [`changed while being read: ${formatItems(filesChangedWhileRead, "file")}, stored and marked`]),
    `took: ${formatDuration(summary.end - summary.start)}`,
  ];
}

/** The message `summary` of `--json`. */
export function backupMessage(summary: BackupSummary): object {
  const { snapshotNumber: number, parent } = summary;
  return {
    message_type: "summary",
    ...(number === undefined ? { dry_run: true } : {}),
    files_new: summary.filesNew,
    files_changed: summary.filesChanged,
    files_unmodified: summary.filesUnmodified,
    dirs_new: summary.dirsNew,
    dirs_changed: summary.dirsChanged,
    dirs_unmodified: summary.dirsUnmodified,
    data_blobs: summary.dataChunks,
    tree_blobs: summary.treeChunks,
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
  };
}
