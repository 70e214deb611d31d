/** What the cache holds, for people and in JSON. */
import type { CacheFolder } from "@bcat/repository";
import { formatBytes, formatLocalTime, formatTable, formatTimeMs } from "./format.js";
import { quoteText } from "./quote.js";

/** Digits of the id of a repository that are enough to tell it from others. */
const SHORT_ID_LENGTH = 10;
const DAY_MS = 24 * 3_600_000;

export interface ReportOptions {
  readonly now: number;
  readonly withSizes: boolean;
  /** What was not used for longer is old. */
  readonly maxAgeDays: number;
}

/** A table, the places last; nothing for an empty cache. */
export function cacheLines(folders: readonly CacheFolder[], options: ReportOptions): string[] {
  if (folders.length === 0) return [];
  const sizes = options.withSizes ? ["size", "can go"] : [];
  const heads = ["repository", "last used", ...sizes, "state", "place"];
  const rows = folders.map((folder) => [
    folder.repositoryId.slice(0, SHORT_ID_LENGTH),
    formatLocalTime(folder.lastUse),
    ...(options.withSizes ? [formatBytes(folder.size), formatBytes(folder.disposableSize)] : []),
    stateOf(folder, options),
    folder.location === undefined ? "?" : quoteText(folder.location),
  ]);
  return formatTable(heads, rows, new Set(options.withSizes ? [2, 3] : []));
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
