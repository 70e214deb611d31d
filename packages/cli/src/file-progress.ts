/** Progress of work on files, as backup and restore tell it. */
import { formatBytes, formatCount, formatItems } from "./format.js";
import type { LinePart } from "./line-parts.js";
import { type Pace, paceParts, secondsLeft, secondsLeftByShare, speedPart } from "./pace.js";
import type { ProgressForm } from "./progress.js";
import { quoteName } from "./quote.js";

/** What all report. */
export interface FileCounts {
  readonly filesDone: number;
  readonly bytesDone: number;
  /** Of a backup an estimate. */
  readonly filesTotal: number | undefined;
  readonly bytesTotal: number | undefined;
  /** Of the whole, from 0 to 1, where it is not by the totals that this is known. */
  readonly share?: number | undefined;
  readonly errors: number;
  readonly currentPath?: Uint8Array | undefined;
}

/** The form of progress of these counts; `message` gives the fields that only one of the commands has. */
export function fileProgress<Counts extends FileCounts>(message: (counts: Counts) => object): FileProgress<Counts> {
  return {
    bytes: (counts) => counts.bytesDone,
    share: shareOf,
    line: progressParts,
    message: (counts, pace) => ({ message_type: "status", ...statusFields(counts, pace), ...message(counts) }),
    current: ({ currentPath }) => (currentPath === undefined ? undefined : quoteName(currentPath)),
  };
}

export type FileProgress<Counts> = ProgressForm<Counts> & {
  readonly message: (counts: Counts, pace: Pace) => object;
};

/** `68.0%, 1,204 of 2,000 files, 3.40 GiB of 5.00 GiB, 120 MiB/s, 0:14 left`; `of` is what they are of. */
export function progressParts(counts: FileCounts, pace: Pace, of: readonly LinePart[] = []): LinePart[] {
  const { filesDone, filesTotal, bytesDone, bytesTotal, errors } = counts;
  const known = bytesTotal !== undefined && bytesTotal >= bytesDone;
  const files =
    filesTotal !== undefined && filesTotal >= filesDone
      ? `${formatCount(filesDone)} of ${formatItems(filesTotal, "file")}`
      : formatItems(filesDone, "file");
  const bytes = known ? `${formatBytes(bytesDone)} of ${formatBytes(bytesTotal)}` : formatBytes(bytesDone);
  const { share, time } = paceParts(pace, leftOf(counts, pace));
  return [
    ...share,
    ...of,
    { text: files, rank: 3 },
    { text: bytes, rank: 2 },
    ...speedPart(pace),
    time,
    ...(errors === 0 ? [] : [{ text: formatItems(errors, "error"), rank: 0 }]),
  ];
}

function statusFields(counts: FileCounts, pace: Pace): object {
  const { bytesTotal, filesTotal } = counts;
  const left = leftOf(counts, pace);
  return {
    seconds_elapsed: Math.floor(pace.elapsedMs / 1000),
    ...(left === undefined ? {} : { seconds_remaining: Math.round(left) }),
    ...(filesTotal === undefined ? {} : { total_files: filesTotal }),
    ...(bytesTotal === undefined ? {} : { total_bytes: bytesTotal }),
    ...(pace.share === undefined ? {} : { percent_done: pace.share }),
  };
}

/** Seconds; undefined also when a total has been passed. */
function leftOf({ bytesDone, bytesTotal, share }: FileCounts, pace: Pace): number | undefined {
  if (share !== undefined) return secondsLeftByShare(pace);
  return bytesTotal !== undefined && bytesTotal < bytesDone ? undefined : secondsLeft(bytesDone, bytesTotal, pace);
}

/** By bytes; by files where these are known alone, or there are no bytes. */
function shareOf({ filesDone, filesTotal, bytesDone, bytesTotal, share: known }: FileCounts): number | undefined {
  if (known !== undefined) return known;
  if (bytesTotal !== undefined && bytesTotal > 0) return share(bytesDone, bytesTotal);
  return filesTotal === undefined ? undefined : share(filesDone, filesTotal);
}

function share(done: number, total: number): number {
  return total === 0 ? 1 : done / total;
}
