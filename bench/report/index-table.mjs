/** The index workload: one line a size. */
import { formatCount } from "./quantity.mjs";
import { table } from "./table.mjs";

export function indexTable(figures) {
  if (figures.length === 0) return "";
  const head = ["chunks", "runs", "open", "resident a chunk", "misses", "scattered hits"];
  const lines = figures.map(({ chunks, runs, openMs, residentPerChunk, missesPerSecond, hitsPerSecond }) => [
    formatCount(chunks),
    runs,
    `${openMs.toFixed(0)} ms`,
    `${residentPerChunk.toFixed(2)} bytes`,
    `${formatCount(missesPerSecond)}/s`,
    `${formatCount(hitsPerSecond)}/s`,
  ]);
  return table(head, lines);
}
