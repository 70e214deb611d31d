/** How fast work goes, how much of it is done and how long it goes on, and how a line says that. */
import { formatBytes, formatDuration } from "./format.js";
import type { LinePart } from "./line-parts.js";

/** How the work goes, measured here because packages have no clock. */
export interface Pace {
  readonly elapsedMs: number;
  /** Of the last seconds; undefined until there is something to measure. */
  readonly bytesPerSecond: number | undefined;
  /** Of the whole, from 0 to 1, and never less than before; undefined as long as nobody knows. */
  readonly share: number | undefined;
}

interface Sample {
  readonly ms: number;
  readonly bytes: number;
}

const sampleIntervalMs = 1000;
const samplesMax = 15;

/** Speed over the last {@link samplesMax} seconds or so. */
export class Speed {
  readonly #samples: Sample[] = [];

  /** Bytes a second up to now. */
  measure(ms: number, bytes: number): number | undefined {
    const newest = this.#samples.at(-1);
    if (newest === undefined || ms - newest.ms >= sampleIntervalMs) this.#samples.push({ ms, bytes });
    if (this.#samples.length > samplesMax) this.#samples.shift();
    const oldest = this.#samples[0];
    if (oldest === undefined || ms <= oldest.ms) return undefined;
    return ((bytes - oldest.bytes) * 1000) / (ms - oldest.ms);
  }
}

/** Seconds until `total` is reached, or undefined when nobody can tell. */
export function secondsLeft(
  done: number,
  total: number | undefined,
  { bytesPerSecond }: Pick<Pace, "bytesPerSecond">,
): number | undefined {
  if (total === undefined || bytesPerSecond === undefined || bytesPerSecond <= 0) return undefined;
  return Math.max(0, total - done) / bytesPerSecond;
}

/** Seconds until all is done, if it goes on as until now; undefined when nobody can tell. */
export function secondsLeftByShare({ elapsedMs, share }: Pick<Pace, "elapsedMs" | "share">): number | undefined {
  return share === undefined || share === 0 ? undefined : (elapsedMs * (1 - share)) / share / 1000;
}

/** `45.3%`, where it is known; time is how long it goes on, or has: `0:14 left`, `1:02 so far`. */
export function paceParts(pace: Pace, secondsLeft: number | undefined): { share: LinePart[]; time: LinePart } {
  const time =
    secondsLeft === undefined
      ? `${formatDuration(pace.elapsedMs)} so far`
      : `${formatDuration(secondsLeft * 1000)} left`;
  return {
    share: pace.share === undefined ? [] : [{ text: formatShare(pace.share), rank: 0 }],
    time: { text: time, rank: 0 },
  };
}

/** `120 MiB/s`, where anything moves. */
export function speedPart({ bytesPerSecond }: Pace): LinePart[] {
  return bytesPerSecond === undefined || bytesPerSecond <= 0
    ? []
    : [{ text: `${formatBytes(Math.round(bytesPerSecond))}/s`, rank: 4 }];
}

/** `45.3%` */
function formatShare(share: number): string {
  // What is not done yet is never shown as 100%.
  return `${(Math.floor(share * 1000) / 10).toFixed(1)}%`;
}
