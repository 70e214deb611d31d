/** Numbers, times and tables for people. */
import { textWidth } from "./text-width.js";

const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"] as const;

/** `1.50 GiB`: three digits, which is what one compares. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // 999.5 and not 1024, so that rounding never gives four digits.
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  if (unit === 0) return `${value} B`;
  return `${value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0)} ${units[unit]}`;
}

/** `12,345` */
export function formatCount(count: number): string {
  return count.toString().replace(/\B(?=(\d{3})+$)/g, ",");
}

/** `1 file`, `2 files` */
export function formatItems(count: number, singular: string, plural = `${singular}s`): string {
  return `${formatCount(count)} ${count === 1 ? singular : plural}`;
}

/** `2 errors, 1 skipped`: of what there is some of. */
export function formatLeftOut(errors: number, skipped: number): string {
  const parts = [
    ...(errors === 0 ? [] : [formatItems(errors, "error")]),
    ...(skipped === 0 ? [] : [`${formatCount(skipped)} skipped`]),
  ];
  return parts.join(", ");
}

/** `0:42`, `1:02:03` */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const tail = (seconds % 60).toString().padStart(2, "0");
  return hours === 0 ? `${minutes}:${tail}` : `${hours}:${minutes.toString().padStart(2, "0")}:${tail}`;
}

/** `2026-11-20 15:39:03` in local time. A time that no calendar has is shown as `@<seconds>`. */
export function formatLocalTime(ms: number): string {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return `@${Math.floor(ms / 1000)}`;
  const two = (value: number) => value.toString().padStart(2, "0");
  const day = `${date.getFullYear().toString().padStart(4, "0")}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** RFC 3339 in UTC with nanoseconds, as restic writes times. A time that no calendar has is `@<seconds>`. */
export function formatTime(seconds: number, nanoseconds = 0): string {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return `@${seconds}`;
  const whole = date.toISOString().slice(0, -".000Z".length);
  const fraction = nanoseconds === 0 ? "" : `.${nanoseconds.toString().padStart(9, "0").replace(/0+$/, "")}`;
  return `${whole}${fraction}Z`;
}

/** As {@link formatTime}, of milliseconds since 1970. */
export function formatTimeMs(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  return formatTime(seconds, (ms - seconds * 1000) * 1_000_000);
}

/**
 * Lines of a table: columns as wide as their widest cell, those named in `right` aligned to the right. A cell wider than
 * `widthMax` moves what is behind it in its own line only.
 */
export function formatTable(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  right: ReadonlySet<number> = new Set(),
  widthMax = Number.POSITIVE_INFINITY,
): string[] {
  const all = [heads, ...rows];
  const widths = heads.map((_, column) =>
    all
      .map((row) => textWidth(row[column] ?? ""))
      .reduce((most, width) => (width > widthMax ? most : Math.max(most, width)), 0),
  );
  const lines = all.map((row) =>
    row.map((cell, column) => pad(cell, widths[column] ?? 0, right.has(column))).join("  "),
  );
  return lines.map((line) => line.trimEnd());
}

function pad(cell: string, width: number, right: boolean): string {
  const space = " ".repeat(Math.max(0, width - textWidth(cell)));
  return right ? space + cell : cell + space;
}

/** `a, b and 26 more`: as many as there is room for, and one at least. */
export function formatList(items: readonly string[], widthMax: number): string {
  const all = items.join(", ");
  if (items.length < 2 || textWidth(all) <= widthMax) return all;
  let shown = items[0]!;
  let count = 1;
  const more = () => ` and ${formatCount(items.length - count)} more`;
  for (const item of items.slice(1, -1)) {
    if (textWidth(shown) + 2 + textWidth(item) + textWidth(more()) > widthMax) break;
    shown += `, ${item}`;
    count++;
  }
  return shown + more();
}
