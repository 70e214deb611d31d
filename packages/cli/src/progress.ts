/**
 * Progress of long work, told at most so many times a second: lines that change on a terminal, message lines with
 * `--json`, and else plain lines, for logs, where they are asked for. Packages report as often as they like.
 */
import type { Context } from "./command.js";
import { formatBytes, formatDuration } from "./format.js";
import { joinParts, type LinePart } from "./line-parts.js";
import type { Output } from "./output.js";

/** How the work goes, measured here because packages have no clock. */
export interface Pace {
  readonly elapsedMs: number;
  /** Of the last seconds; undefined until there is something to measure. */
  readonly bytesPerSecond: number | undefined;
  /** Of the whole, from 0 to 1, and never less than before; undefined as long as nobody knows. */
  readonly share: number | undefined;
}

export interface ProgressForm<State> {
  bytes(state: State): number;
  /** As {@link Pace.share}, but it may go back, as estimates do. */
  share(state: State): number | undefined;
  line(state: State, pace: Pace): readonly LinePart[];
  /** Of `--json`; undefined where stdout is one document, or something else. */
  readonly message: ((state: State, pace: Pace) => object) | undefined;
  /** What is at hand, as it is shown. */
  current?(state: State): string | undefined;
}

export interface ProgressOptions {
  readonly output: Output;
  /** Milliseconds, of any origin. */
  readonly now: () => number;
  /** Between two reports, instead of what is usual there; infinite for none. */
  readonly intervalMs: number | undefined;
}

/** What is not done yet is never told as done, whatever an estimate says. */
const shareUndoneMax = 0.999;

const usualIntervalMs = { terminal: 100, json: 1000, plain: Number.POSITIVE_INFINITY } as const;

/** Progress of a command, which is also told whenever a signal asks for it. */
export function startProgress<State>(
  form: ProgressForm<State>,
  { output, inquiry, progressIntervalMs }: Context,
): Progress<State> {
  const progress = new Progress(form, { output, now: Date.now, intervalMs: progressIntervalMs });
  const before = inquiry.tell;
  inquiry.tell = () => progress.tellNow() || before();
  return progress;
}

export class Progress<State> {
  readonly #output: Output;
  readonly #now: () => number;
  readonly #form: ProgressForm<State>;
  readonly #mode: keyof typeof usualIntervalMs;
  readonly #intervalMs: number;
  readonly #speed = new Speed();
  readonly #start: number;
  #last: number;
  #state: State | undefined;
  #bytesPerSecond: number | undefined;
  #share: number | undefined;
  #hasTold = false;
  #hasEnded = false;

  constructor(form: ProgressForm<State>, { output, now, intervalMs }: ProgressOptions) {
    this.#output = output;
    this.#now = now;
    this.#form = form;
    this.#mode = modeOf(output, form.message !== undefined);
    this.#intervalMs = intervalMs ?? usualIntervalMs[this.#mode];
    this.#start = now();
    this.#last = this.#start;
  }

  /** Whether anybody gets to see it, without asking. */
  get isTold(): boolean {
    return !this.#output.quiet && Number.isFinite(this.#intervalMs);
  }

  /** Tells, when it is time to. */
  update(state: State): void {
    this.#state = state;
    const now = this.#now();
    this.#bytesPerSecond = this.#speed.measure(now, this.#form.bytes(state));
    if (this.#output.quiet) return;
    if (now - this.#last < this.#intervalMs) return;
    this.#last = now;
    this.#hasTold = true;
    this.#tell(state, this.#mode);
  }

  /** Tells in a line or message of its own, also where nothing is told else. False when there is nothing to tell. */
  tellNow(): boolean {
    if (this.#state === undefined || this.#hasEnded) return false;
    this.#tell(this.#state, this.#mode === "terminal" ? "plain" : this.#mode);
    return true;
  }

  /** Takes the lines away until the next ones. */
  hide(): void {
    this.#output.status(undefined);
  }

  /** Takes the lines away; where there were messages, the last one says that all is done. Returns the ms that the work took. */
  finish(): number {
    this.#output.status(undefined);
    if (this.#hasTold && !this.#hasEnded && this.#mode === "json") {
      this.#share = 1;
      this.#tell(this.#state!, "json");
    }
    this.#hasEnded = true;
    return this.#now() - this.#start;
  }

  #tell(state: State, mode: keyof typeof usualIntervalMs): void {
    const form = this.#form;
    const share = form.share(state);
    if (share !== undefined) this.#share = Math.max(this.#share ?? 0, Math.min(shareUndoneMax, share));
    const bytesPerSecond = this.#bytesPerSecond;
    const pace: Pace = { elapsedMs: this.#now() - this.#start, bytesPerSecond, share: this.#share };
    if (mode === "json") {
      this.#output.message(form.message!(state, pace));
      return;
    }
    const [line, current] = [form.line(state, pace), form.current?.(state)];
    if (mode === "terminal") this.#output.status({ line, current });
    else this.#output.note(current === undefined ? joinParts(line) : `${joinParts(line)}: ${current}`);
  }
}

function modeOf(output: Output, hasMessages: boolean): keyof typeof usualIntervalMs {
  if (output.json && hasMessages) return "json";
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

/** `120 MiB/s`, once there is something to measure. */
export function speedPart({ bytesPerSecond }: Pace): LinePart[] {
  return bytesPerSecond === undefined ? [] : [{ text: `${formatBytes(Math.round(bytesPerSecond))}/s`, rank: 4 }];
}

/** `45.3%` */
function formatShare(share: number): string {
  // What is not done yet is never shown as 100%.
  return `${(Math.floor(share * 1000) / 10).toFixed(1)}%`;
}
