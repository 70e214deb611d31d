/** What the cache holds, for people and in JSON. */
import type { CacheFolder } from "@bcat/repository";
import { formatBytes, formatLocalTime, formatTimeMs } from "./format.js";
import { quoteText } from "./quote.js";
import { type ScreenColumn, screenTable } from "./screen-table.js";
import { cutStart } from "./text-width.js";

/** Digits of the id of a repository that are enough to tell it from others. */
const SHORT_ID_LENGTH = 10;
const DAY_MS = 24 * 3_600_000;

export interface ReportOptions {
  readonly now: number;
  readonly withSizes: boolean;
  /** What was not used for longer is old. */
  readonly maxAgeDays: number;
}

const firstColumns: readonly ScreenColumn[] = [{ head: "repository" }, { head: "last used", spare: 3 }];
const sizeColumns: readonly ScreenColumn[] = [
  { head: "size", isRight: true, spare: 2 },
  { head: "can go", isRight: true, spare: 1 },
];
const state: ScreenColumn = { head: "state" };

/** A table, the places last; nothing for an empty cache. */
export function cacheLines(
  folders: readonly CacheFolder[],
  options: ReportOptions,
  columnsOfTerminal: number | undefined,
): string[] {
  if (folders.length === 0) return [];
  const columns = options.withSizes ? [...firstColumns, ...sizeColumns, state] : [...firstColumns, state];
  const rows = folders.map((folder) => ({
    cells: [
      folder.repositoryId.slice(0, SHORT_ID_LENGTH),
      formatLocalTime(folder.lastUse),
      ...(options.withSizes ? [formatBytes(folder.size), formatBytes(folder.disposableSize)] : []),
      stateOf(folder, options),
    ],
    last: (width: number) => [cutStart(folder.location === undefined ? "?" : quoteText(folder.location), width)],
  }));
  return screenTable({ columns, last: "place", rows }, columnsOfTerminal);
}

/** An element of the array of `--json`. */
export function folderFields(folder: CacheFolder, options: ReportOptions): object {
  const { repositoryId, location, lastUse, isThere, size, disposableSize } = folder;
  return {
    repository_id: repositoryId,
    place: location ?? null,
    last_used: formatTimeMs(Math.floor(lastUse)),
    old: isOld(folder, options),
    there: isThere ?? null,
    ...(options.withSizes ? { size, removable_size: disposableSize } : {}),
  };
}

function stateOf(folder: CacheFolder, options: ReportOptions): string {
  if (folder.isThere === false) return "gone";
  return isOld(folder, options) ? "old" : "";
}

function isOld({ lastUse }: CacheFolder, { now, maxAgeDays }: ReportOptions): boolean {
  return now - lastUse > maxAgeDays * DAY_MS;
}
