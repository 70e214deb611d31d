/** What a restore has done, in words and as a message. */
import type { CountedEntries, RestoreForecast, RestoreSummary, SnapshotInfo } from "@bcat/snapshot";
import { formatBytes, formatDuration, formatItems, formatLeftOut, formatLocalTime, formatTimeMs } from "./format.js";
import { bytesField, pathsField } from "./json.js";
import { quoteName, quoteText } from "./quote.js";
import { inPlaceFields, inPlaceLines } from "./restore-overwrite.js";

export interface Restored {
  readonly summary: RestoreSummary;
  readonly snapshot: SnapshotInfo;
  /** Absolute. */
  readonly target: string;
  readonly elapsedMs: number;
}

/** `restored from snapshot 12 (laptop, 2026-11-20 15:39:03) to /tmp/back`, and what. */
export function restoreReport({ summary, snapshot, target, elapsedMs }: Restored): string[] {
  const { errors, skipped } = summary;
  return [
    `restored from ${describeSnapshot(snapshot)} to ${quoteText(target)}`,
    countsLine(summary),
    ...inPlaceLines(summary),
    ...(errors + skipped > 0 ? [`left out: ${formatLeftOut(errors, skipped)}`] : []),
    `took: ${formatDuration(elapsedMs)}`,
  ];
}

/** `snapshot 12 (laptop, 2026-11-20 15:39:03)` */
export function describeSnapshot({ number, snapshot }: SnapshotInfo): string {
  return `snapshot ${number} (${quoteText(snapshot.host)}, ${formatLocalTime(snapshot.start)})`;
}

function countsLine(summary: RestoreSummary): string {
  const { filesRestored, directoriesRestored, symlinksRestored, othersRestored, bytesRestored } = summary;
  return [
    formatItems(filesRestored, "file"),
    formatItems(directoriesRestored, "folder"),
    formatItems(symlinksRestored, "symlink"),
    ...(othersRestored === 0 ? [] : [formatItems(othersRestored, "special file")]),
    formatBytes(bytesRestored),
  ].join(", ");
}

export function restoreMessage({ summary, snapshot, elapsedMs }: Restored): object {
  const { filesRestored, directoriesRestored, symlinksRestored, othersRestored, bytesRestored } = summary;
  return {
    message_type: "summary",
    seconds_elapsed: Math.floor(elapsedMs / 1000),
    ...snapshotFields(snapshot),
    total_files: filesRestored + directoriesRestored + symlinksRestored + othersRestored + summary.filesUnchanged,
    files_restored: filesRestored,
    directories_restored: directoriesRestored,
    symlinks_restored: symlinksRestored,
    others_restored: othersRestored,
    files_skipped: summary.skipped,
    total_bytes: bytesRestored + summary.bytesUnchanged,
    bytes_restored: bytesRestored,
    ...inPlaceFields(summary),
    error_count: summary.errors,
  };
}

function snapshotFields({ number, snapshot }: SnapshotInfo): object {
  return { snapshot_number: number, hostname: snapshot.host, time: formatTimeMs(snapshot.start) };
}

export interface Forecast extends Omit<Restored, "summary"> {
  readonly forecast: RestoreForecast;
}

/** Of a dry run: `would restore from snapshot 12 (laptop, …) to /tmp/back`, what, and what it would take. */
export function forecastReport({ forecast, snapshot, target }: Forecast): string[] {
  const { summary, fetches, deletion, changes } = forecast;
  const { errors, skipped } = summary;
  const gets = `${formatItems(fetches.requests, "request")} to ${formatItems(fetches.packs, "pack")}`;
  return [
    `would restore from ${describeSnapshot(snapshot)} to ${quoteText(target)}`,
    countsLine(summary),
    ...inPlaceLines(summary),
    `would fetch: ${formatBytes(fetches.bytes)} in ${gets}`,
    ...countedLine("would overwrite", changes?.overwritten),
    ...countedLine("would set anew", changes?.changed),
    ...countedLine("would add", changes?.added),
    ...(deletion === undefined ? [] : [`would delete: ${describeDeletion(deletion)}`]),
    ...(errors + skipped > 0 ? [`would leave out: ${formatLeftOut(errors, skipped)}`] : []),
  ];
}

function countedLine(what: string, counted: CountedEntries | undefined): string[] {
  if (counted === undefined || counted.count === 0) return [];
  return [`${what}: ${formatItems(counted.count, "entry", "entries")}: ${namesOf(counted.first, counted.count)}`];
}

function describeDeletion({ files, folders, bytes, first }: NonNullable<RestoreForecast["deletion"]>): string {
  const counts = `${formatItems(files, "file")}, ${formatItems(folders, "folder")}, ${formatBytes(bytes)}`;
  return `${counts}: ${namesOf(first, files + folders)}`;
}

function namesOf(first: readonly Uint8Array[], count: number): string {
  const named = first.map((path) => `"${quoteName(path)}"`).join(", ");
  return count > first.length ? `${named}, …` : named;
}

export function forecastMessage({ forecast, ...restored }: Forecast): object {
  const { summary, fetches, deletion, changes } = forecast;
  return {
    ...restoreMessage({ ...restored, summary }),
    dry_run: true,
    data_requests: fetches.requests,
    data_packs: fetches.packs,
    data_bytes: fetches.bytes,
    ...(changes === undefined
      ? {}
      : {
          to_overwrite: countedField(changes.overwritten),
          to_change: countedField(changes.changed),
          to_add: countedField(changes.added),
        }),
    ...(deletion === undefined
      ? {}
      : {
          files_to_delete: deletion.files,
          directories_to_delete: deletion.folders,
          bytes_to_delete: deletion.bytes,
          ...pathsField(deletion.first),
        }),
  };
}

function countedField({ count, first }: CountedEntries): object {
  return { entries: count, first: first.map((path) => bytesField("path", path)) };
}
