/**
 * What is told as long as a command has nothing of its own to tell, most of all while a repository is opened: what it
 * is at, and what was asked of the storage so far. On a terminal that it has for itself, and elsewhere where lines of
 * progress are asked for.
 */
import type { Meter } from "@bcat/host";
import { formatBytes, formatItems } from "./format.js";
import type { Inquiry, Teller } from "./inquiry.js";
import { joinParts, type LinePart } from "./line-parts.js";
import type { Output } from "./output.js";
import { paceParts } from "./pace.js";
import { requestsField } from "./requests.js";
import type { Status } from "./status-lines.js";

/** Between two looks, ms: what takes less is not told. */
const TICK_MS = 1_000;
/** After an answer of a person the first look may come at once: so much is not told, ms. */
const SHORT_MS = TICK_MS / 2;

export interface WaitingOptions {
  /** Of the command. */
  readonly name: string;
  readonly output: Output;
  readonly inquiry: Inquiry;
  readonly meter: Meter;
  /** Between two lines where there is no terminal, ms; none when undefined or infinite. */
  readonly intervalMs: number | undefined;
  /** Somebody types the data there, or other programs are at work with this one, which may ask something. */
  readonly sharesTerminal: boolean;
  /** Milliseconds, of any origin. */
  readonly now: () => number;
  /** Calls `tick` every so many ms until what it returns is called. */
  readonly every: (ms: number, tick: () => void) => () => void;
}

export class Waiting implements Teller {
  readonly #options: WaitingOptions;
  readonly #startMs: number;
  #doing: string;
  #shown: Status | undefined;
  #isSilent = false;
  /** Since then nobody else has had the terminal. */
  #sinceMs: number;
  readonly #stop: () => void;

  constructor(options: WaitingOptions) {
    const { name, now, every, output, intervalMs, sharesTerminal } = options;
    this.#options = options;
    this.#startMs = now();
    this.#sinceMs = this.#startMs;
    this.#doing = name;
    const isTold = !output.json && (output.terminal ? !sharesTerminal : intervalMs !== undefined);
    const ms = Math.max(TICK_MS, intervalMs ?? 0);
    this.#stop = isTold && Number.isFinite(ms) ? every(ms, () => this.#tick()) : () => {};
  }

  /** Always: who asks is told at least that it goes on. */
  readonly hasNews = true;

  /** On stderr, also with `--json`: stdout may be one document. */
  tellNow(): void {
    const { output, meter } = this.#options;
    const seconds_elapsed = Math.floor(this.#elapsedMs / 1000);
    const message = { message_type: "status", doing: this.#doing, seconds_elapsed, ...requestsField(meter) };
    output.note(output.json ? JSON.stringify(message) : joinParts(this.#line()));
  }

  /** Says that this is what is waited for, such as `opening the repository`. */
  async during<Result>(doing: string, work: () => Promise<Result>): Promise<Result> {
    const before = this.#doing;
    this.#doing = doing;
    try {
      return await work();
    } finally {
      this.#doing = before;
      this.#hide();
    }
  }

  /** While somebody else has the terminal, such as who is asked there for a passphrase. */
  async silently<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#hide();
    this.#isSilent = true;
    try {
      return await work();
    } finally {
      this.#isSilent = false;
      this.#sinceMs = this.#options.now();
    }
  }

  stop(): void {
    this.#stop();
    this.#hide();
  }

  #tick(): void {
    const { output, inquiry, now } = this.#options;
    const isOthers = output.shown !== undefined && output.shown !== this.#shown;
    // The work has progress of its own, which begins on an empty line.
    if (inquiry.newest !== this) this.#hide();
    // A pager may show what was printed.
    else if (output.quiet || output.hasBegun || this.#isSilent || isOthers) return;
    else if (now() - this.#sinceMs < SHORT_MS) return;
    else if (output.terminal) {
      this.#shown = { line: this.#line() };
      output.status(this.#shown);
    } else this.tellNow();
  }

  /** Only what is its own. */
  #hide(): void {
    const { output } = this.#options;
    if (this.#shown !== undefined && output.shown === this.#shown) output.status(undefined);
    this.#shown = undefined;
  }

  get #elapsedMs(): number {
    return this.#options.now() - this.#startMs;
  }

  /** `opening the repository, 24 requests, 1.2 MiB received, 0:04 so far` */
  #line(): LinePart[] {
    const { meter } = this.#options;
    const pace = { elapsedMs: this.#elapsedMs, bytesPerSecond: undefined, share: undefined };
    const { time } = paceParts(pace, undefined);
    const asked: LinePart[] = [];
    if (meter.total > 0) asked.push({ text: formatItems(meter.total, "request"), rank: 2 });
    if (meter.bytesReceived > 0) asked.push({ text: `${formatBytes(meter.bytesReceived)} received`, rank: 3 });
    if (meter.bytesSent > 0) asked.push({ text: `${formatBytes(meter.bytesSent)} sent`, rank: 4 });
    return [{ text: this.#doing, rank: 1 }, ...asked, time];
  }
}
