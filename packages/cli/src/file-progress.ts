/** Progress of work on files, as backup and restore tell it. */
import { formatBytes, formatDuration, formatItems } from "./format.js";
import type { Pace, ProgressForm } from "./progress.js";
import { secondsLeft } from "./progress.js";

/** What both report. */
export interface FileCounts {
  readonly filesDone: number;
  readonly bytesDone: number;
  /** Backup: an estimate, from the snapshot before. */
  readonly filesTotal: number | undefined;
  readonly bytesTotal: number | undefined;
  readonly errors: number;
}

/** The form of progress of these counts; `message` gives the fields that only one of the commands has. */
export function fileProgress<Counts extends FileCounts>(message: (counts: Counts) => object): ProgressForm<Counts> {
  return {
    bytes: (counts) => counts.bytesDone,
    line: progressLine,
    message: (counts, pace) => ({ message_type: "status", ...statusFields(counts, pace), ...message(counts) }),
  };
}

/** `1,204 files, 3.40 GiB of 5.00 GiB, 120 MiB/s, 0:14 left` */
export function progressLine(counts: FileCounts, pace: Pace): string {
  const { bytesDone, bytesTotal, errors } = counts;
  const known = bytesTotal !== undefined && bytesTotal >= bytesDone;
  const left = known ? secondsLeft(bytesDone, bytesTotal, pace) : undefined;
  const parts = [
    formatItems(counts.filesDone, "file"),
    known ? `${formatBytes(bytesDone)} of ${formatBytes(bytesTotal)}` : formatBytes(bytesDone),
    ...(pace.bytesPerSecond === undefined ? [] : [`${formatBytes(Math.round(pace.bytesPerSecond))}/s`]),
    left === undefined ? `${formatDuration(pace.elapsedMs)} so far` : `${formatDuration(left * 1000)} left`,
    ...(errors === 0 ? [] : [formatItems(errors, "error")]),
  ];
  return parts.join(", ");
}

function statusFields(counts: FileCounts, pace: Pace): object {
  const { bytesDone, bytesTotal, filesTotal } = counts;
  const left = secondsLeft(bytesDone, bytesTotal, pace);
  return {
    seconds_elapsed: Math.floor(pace.elapsedMs / 1000),
    ...(left === undefined ? {} : { seconds_remaining: Math.round(left) }),
    ...(filesTotal === undefined ? {} : { total_files: filesTotal }),
    ...(bytesTotal === undefined ? {} : { total_bytes: bytesTotal, percent_done: share(bytesDone, bytesTotal) }),
  };
}

/** From 0 to 1. A total that is an estimate may be passed. */
function share(done: number, total: number): number {
  return total === 0 ? 1 : Math.min(1, done / total);
}
