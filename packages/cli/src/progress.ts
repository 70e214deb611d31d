/**
 * Progress of long work, told at most so many times a second: lines that change on a terminal, message lines with
 * `--json`, and else plain lines, for logs, where they are asked for. Packages report as often as they like.
 */
import type { Context } from "./command.js";
import { every } from "./every.js";
import type { Teller } from "./inquiry.js";
import { joinParts, type LinePart } from "./line-parts.js";
import type { Output } from "./output.js";
import { type Pace, Speed } from "./pace.js";
import type { Status } from "./status-lines.js";

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
  /** Calls `tick` every so many ms until what it returns is called; without it, only what the work reports is told. */
  readonly every?: (ms: number, tick: () => void) => () => void;
}

/** What is told is told anew so often, ms, when the work reports nothing: what it waits for takes its time. */
const REFRESH_MS = 1_000;

/** What is not done yet is never told as done, whatever an estimate says. */
const shareUndoneMax = 0.999;

const usualIntervalMs = { terminal: 100, json: 1000, plain: Number.POSITIVE_INFINITY } as const;

/** Progress of a command, which is also told whenever a signal asks for it. */
export function startProgress<State>(
  form: ProgressForm<State>,
  { output, inquiry, progressIntervalMs }: Context,
): Progress<State> {
  const progress = new Progress(form, { output, now: Date.now, intervalMs: progressIntervalMs, every });
  inquiry.add(progress);
  return progress;
}

export class Progress<State> implements Teller {
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
  #shown: Status | undefined;
  /** Nothing is told any more by itself. */
  readonly stop: () => void;

  constructor(form: ProgressForm<State>, { output, now, intervalMs, every }: ProgressOptions) {
    this.#output = output;
    this.#now = now;
    this.#form = form;
    this.#mode = modeOf(output, form.message !== undefined);
    this.#intervalMs = intervalMs ?? usualIntervalMs[this.#mode];
    this.#start = now();
    this.#last = this.#start;
    const refreshMs = Math.max(REFRESH_MS, this.#intervalMs);
    this.stop = (this.isTold ? every?.(refreshMs, () => this.#refresh()) : undefined) ?? (() => {});
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

  get hasNews(): boolean {
    return this.#state !== undefined && !this.#hasEnded;
  }

  /** Tells in a line or message of its own, also where nothing is told else. */
  tellNow(): void {
    if (this.hasNews) this.#tell(this.#state!, this.#mode === "terminal" ? "plain" : this.#mode);
  }

  /** Takes the lines away until the next report. */
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
    this.stop();
    return this.#now() - this.#start;
  }

  /** Not where lines of somebody else stand on the terminal, or the own ones were taken away. */
  #refresh(): void {
    if (this.#state === undefined) return;
    if (this.#mode === "terminal" && this.#output.shown !== this.#shown) return;
    this.update(this.#state);
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
    if (mode === "terminal") {
      this.#shown = { line, current };
      this.#output.status(this.#shown);
    } else this.#output.note(current === undefined ? joinParts(line) : `${joinParts(line)}: ${current}`);
  }
}

function modeOf(output: Output, hasMessages: boolean): keyof typeof usualIntervalMs {
  if (output.json && hasMessages) return "json";
  return output.terminal ? "terminal" : "plain";
}
