/** What `stats` says, for people and with restic's names. */
import type { ChunkSums, FileMode, FileSums, ListedSnapshot, ObjectSums, RepositoryStats } from "@bcat/snapshot";
import { formatBytes, formatCount, formatItems, formatLocalTime, formatTable, formatTimeMs } from "./format.js";
import { countForgotten, growthByMonth } from "./growth.js";
import { pathsField } from "./json.js";
import type { Output } from "./output.js";
import { quoteText } from "./quote.js";
import { type ScreenColumn, screenTable } from "./screen-table.js";
import { shortPaths } from "./short-paths.js";

const PATHS_WIDTH_MAX = 40;
/** Where there is no terminal. */
const PATHS_COLUMN = 3;

/** Entries and bytes as a restore would write them. */
function restoreSize(chosen: readonly ListedSnapshot[]): { entries: number; bytes: number } {
  let entries = 0;
  let bytes = 0;
  for (const { counts } of chosen.map(({ snapshot }) => snapshot)) {
    entries += counts.files + counts.directories + counts.symlinks + counts.others;
    bytes += counts.bytes;
  }
  return { entries, bytes };
}

export function printRestoreSize(chosen: readonly ListedSnapshot[], output: Output): void {
  const { entries, bytes } = restoreSize(chosen);
  if (output.json) output.message(restoreSizeFields(chosen));
  else
    printLines(output, [
      `restored: ${formatBytes(bytes)} in ${formatItems(entries, "entry", "entries")} of ${snapshotsOf(chosen)}`,
    ]);
}

export function printRawData({ count, plain, stored }: ChunkSums, chosen: readonly ListedSnapshot[], output: Output) {
  if (output.json)
    output.message({
      total_size: stored,
      total_uncompressed_size: plain,
      compression_ratio: ratio(plain, stored),
      compression_progress: 100,
      compression_space_saving: plain === 0 ? 0 : (1 - stored / plain) * 100,
      total_blob_count: count,
      snapshots_count: chosen.length,
    });
  else
    printLines(output, [
      `stored: ${formatBytes(stored)} in ${formatItems(count, "chunk")} of ${snapshotsOf(chosen)}`,
      `not compressed: ${formatBytes(plain)}, ${toOne(plain, stored)}`,
    ]);
}

export function printFileSums(
  { files, bytes, chunks }: FileSums,
  { mode, chosen }: { readonly mode: FileMode; readonly chosen: readonly ListedSnapshot[] },
  output: Output,
): void {
  const isByPath = mode === "blobs-per-file";
  if (output.json)
    output.message({
      total_size: bytes,
      total_file_count: files,
      ...(isByPath ? { total_blob_count: chunks } : {}),
      snapshots_count: chosen.length,
    });
  else if (isByPath) {
    const found = `${formatItems(chunks, "chunk")} of ${formatItems(files, "path")}`;
    printLines(output, [`different: ${formatBytes(bytes)} in ${found}, of ${snapshotsOf(chosen)}`]);
  } else
    printLines(output, [`different: ${formatBytes(bytes)} in ${formatItems(files, "file")} of ${snapshotsOf(chosen)}`]);
}

export interface StatsOf {
  /** These get a line each. */
  readonly chosen: readonly ListedSnapshot[];
  /** Those whose growth is shown: where all are chosen, also the forgotten and the partial ones. */
  readonly ever: readonly ListedSnapshot[];
  readonly isForgotten: (number: number) => boolean;
}

/** Of the whole repository. */
export function printStats(stats: RepositoryStats, of: StatsOf, output: Output): void {
  const { chosen, ever } = of;
  if (output.json) output.message(statsFields(stats, chosen, ever));
  else
    printLines(output, [
      ...snapshotLines(stats, chosen, output.columns),
      ...repositoryLines(stats, of),
      ...growthLines(of),
    ]);
}

const snapshotHeads = ["#", "date & time", "host", "paths", "files", "size", "added", "unique", "as stored"];
const screenColumns: readonly ScreenColumn[] = [
  { head: "#", isRight: true },
  { head: "date & time", spare: 5 },
  { head: "host", spare: 4 },
  { head: "files", isRight: true, spare: 1 },
  { head: "size", isRight: true, spare: 3 },
  { head: "added", isRight: true, spare: 2 },
  { head: "unique", isRight: true },
  { head: "as stored", isRight: true },
];

function snapshotLines(
  { unique }: RepositoryStats,
  chosen: readonly ListedSnapshot[],
  width: number | undefined,
): string[] {
  if (chosen.length === 0) return ["no snapshots"];
  const rows = chosen.map(({ number, snapshot: { start, host, roots, counts } }) => [
    String(number),
    formatLocalTime(start),
    quoteText(host),
    shortPaths(roots, PATHS_WIDTH_MAX),
    formatCount(counts.files),
    formatBytes(counts.bytes),
    formatBytes(counts.storedBytesAdded),
    formatBytes(unique.get(number)?.plain ?? 0),
    formatBytes(unique.get(number)?.stored ?? 0),
  ]);
  if (width === undefined) return formatTable(snapshotHeads, rows, new Set([0, 4, 5, 6, 7, 8]), PATHS_WIDTH_MAX);
  const screenRows = rows.map((cells, index) => ({
    cells: cells.toSpliced(PATHS_COLUMN, 1),
    last: (columns: number) => [shortPaths(chosen[index]!.snapshot.roots, columns)],
  }));
  return screenTable({ columns: screenColumns, last: "paths", rows: screenRows }, width);
}

function repositoryLines(stats: RepositoryStats, { chosen, ever, isForgotten }: StatsOf): string[] {
  const { live, dataPacks, treePacks, condemnedPacks, segments, parity, dead, missing } = stats;
  const { bytes } = restoreSize(chosen);
  const packs = dataPacks.size + treePacks.size;
  const isAll = chosen.length === stats.unique.size;
  const partial = ever.filter(({ number, snapshot }) => !snapshot.complete && !isForgotten(number)).length;
  const share = packs === 0 ? "" : ` (${((dead / packs) * 100).toFixed(1)} %)`;
  return [
    "",
    `restored: ${formatBytes(bytes)} in ${snapshotsOf(chosen)}`,
    ...(partial === 0
      ? []
      : [`partial: ${formatItems(partial, "snapshot")} of backups that did not end, counted from here on`]),
    `chunks: ${formatBytes(live.plain)} in ${formatCount(live.count)}${isAll ? `, deduplicated ${toOne(bytes, live.plain)}` : " of all snapshots"}`,
    `stored: ${formatBytes(live.stored)}, compressed ${toOne(live.plain, live.stored)}`,
    `packs: ${sums(dataPacks)} of data, ${sums(treePacks)} of folders; index: ${sums(segments)}`,
    `dead: ${formatBytes(dead)}${share} in packs that no snapshot needs`,
    ...(condemnedPacks.count === 0 ? [] : [`condemned: ${sums(condemnedPacks)}, deleted by prune, now or soon`]),
    ...(parity.count === 0 ? [] : [`parity: ${formatBytes(parity.size)} of ${formatItems(parity.count, "pack")}`]),
    ...(missing === 0
      ? []
      : [`missing: ${formatItems(missing, "reference")} to chunks that are nowhere: run bcat check`]),
  ];
}

function growthLines({ ever, isForgotten }: StatsOf): string[] {
  if (ever.length === 0) return [];
  const forgotten = countForgotten(ever, isForgotten);
  const rows = growthByMonth(ever).map(({ month, snapshots, added, stored, storedSoFar }) => [
    month,
    formatCount(snapshots),
    formatBytes(added),
    formatBytes(stored),
    formatBytes(storedSoFar),
  ]);
  return [
    "",
    ...formatTable(["month", "snapshots", "added", "as stored", "so far"], rows, new Set([1, 2, 3, 4])),
    ...(forgotten === 0 ? [] : [`${formatCount(forgotten)} of them forgotten since: prune frees what only they had`]),
  ];
}

function statsFields(
  stats: RepositoryStats,
  chosen: readonly ListedSnapshot[],
  ever: readonly ListedSnapshot[],
): object {
  const { live, unique, dataPacks, treePacks, condemnedPacks, segments, parity, dead, missing } = stats;
  return {
    ...restoreSizeFields(chosen),
    repository: {
      snapshots: unique.size,
      chunks: live.count,
      chunks_size: live.plain,
      chunks_size_packed: live.stored,
      compression_ratio: ratio(live.plain, live.stored),
      data_packs: dataPacks.count,
      data_packs_size: dataPacks.size,
      tree_packs: treePacks.count,
      tree_packs_size: treePacks.size,
      condemned_packs: condemnedPacks.count,
      condemned_packs_size: condemnedPacks.size,
      segments: segments.count,
      segments_size: segments.size,
      parity_objects: parity.count,
      parity_size: parity.size,
      dead_size: dead,
      missing_chunks: missing,
    },
    ...(chosen.length === unique.size ? { dedupe_ratio: ratio(restoreSize(chosen).bytes, live.plain) } : {}),
    snapshots: chosen.map(({ number, snapshot: { start, host, roots, counts } }) => ({
      id: String(number),
      number,
      time: formatTimeMs(start),
      hostname: host,
      ...pathsField(roots.map(({ path }) => path)),
      total_files: counts.files,
      total_size: counts.bytes,
      data_added: counts.plainBytesAdded,
      data_added_packed: counts.storedBytesAdded,
      unique_chunks: unique.get(number)?.count ?? 0,
      unique_size: unique.get(number)?.plain ?? 0,
      unique_size_packed: unique.get(number)?.stored ?? 0,
    })),
    growth: growthByMonth(ever).map(({ month, snapshots, added, stored, storedSoFar }) => ({
      month,
      snapshots,
      data_added: added,
      data_added_packed: stored,
      data_packed_so_far: storedSoFar,
    })),
  };
}

function restoreSizeFields(chosen: readonly ListedSnapshot[]): object {
  const { entries, bytes } = restoreSize(chosen);
  return { total_size: bytes, total_file_count: entries, snapshots_count: chosen.length };
}

function snapshotsOf(chosen: readonly ListedSnapshot[]): string {
  return formatItems(chosen.length, "snapshot");
}

function sums({ count, size }: ObjectSums): string {
  return `${formatCount(count)} (${formatBytes(size)})`;
}

/** 0 where there is nothing to compare. */
function ratio(of: number, to: number): number {
  return to === 0 ? 0 : of / to;
}

/** `3.2 to 1` */
function toOne(of: number, to: number): string {
  return `${ratio(of, to).toFixed(2)} to 1`;
}

function printLines(output: Output, lines: readonly string[]): void {
  for (const line of lines) output.print(line);
}
