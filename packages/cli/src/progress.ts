/**
 * Progress of long work, told at most so many times a second: a line that changes on a terminal, message lines with
 * `--json`, and else a plain line now and then, for logs. Packages report as often as they like.
 */
import type { Output } from "./output.js";

/** How the work goes, measured here because packages have no clock. */
export interface Pace {
  readonly elapsedMs: number;
  /** Of the last seconds; undefined until there is something to measure. */
  readonly bytesPerSecond: number | undefined;
}

export interface ProgressForm<State> {
  bytes(state: State): number;
  line(state: State, pace: Pace): string;
  message(state: State, pace: Pace): object;
}

export interface ProgressOptions {
  readonly output: Output;
  /** Milliseconds, of any origin. */
  readonly now: () => number;
  /** Instead of the rates below. */
  readonly reportsPerSecond: number | undefined;
}

const intervalMs = { terminal: 100, json: 1000, plain: 10_000 } as const;

export class Progress<State> {
  readonly #output: Output;
  readonly #now: () => number;
  readonly #form: ProgressForm<State>;
  readonly #intervalMs: number;
  readonly #speed = new Speed();
  readonly #start: number;
  #last: number;

  constructor(form: ProgressForm<State>, { output, now, reportsPerSecond }: ProgressOptions) {
    this.#output = output;
    this.#now = now;
    this.#form = form;
    this.#intervalMs = reportsPerSecond === undefined ? intervalMs[modeOf(output)] : 1000 / reportsPerSecond;
    this.#start = now();
    this.#last = this.#start;
  }

  /** Tells, when it is time to. */
  update(state: State): void {
    if (this.#output.quiet) return;
    const now = this.#now();
    if (now - this.#last < this.#intervalMs) return;
    this.#last = now;
    const bytesPerSecond = this.#speed.measure(now, this.#form.bytes(state));
    this.#tell(state, { elapsedMs: now - this.#start, bytesPerSecond });
  }

  /** Takes the line away until the next one. */
  hide(): void {
    this.#output.status(undefined);
  }

  /** Takes the line away. Returns the milliseconds that the work took. */
  finish(): number {
    this.#output.status(undefined);
    return this.#now() - this.#start;
  }

  #tell(state: State, pace: Pace): void {
    const mode = modeOf(this.#output);
    if (mode === "json") this.#output.message(this.#form.message(state, pace));
    else if (mode === "terminal") this.#output.status(this.#form.line(state, pace));
    else this.#output.note(this.#form.line(state, pace));
  }
}

function modeOf(output: Output): keyof typeof intervalMs {
  if (output.json) return "json";
  return output.terminal ? "terminal" : "plain";
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
export function secondsLeft(done: number, total: number | undefined, { bytesPerSecond }: Pace): number | undefined {
  if (total === undefined || bytesPerSecond === undefined || bytesPerSecond <= 0) return undefined;
  return Math.max(0, total - done) / bytesPerSecond;
}
