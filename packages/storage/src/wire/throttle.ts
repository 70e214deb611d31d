/**
 * A limit of bytes a second that all connections share: a bucket that is never more than {@link burstMs} full. It is kept
 * as the moment up to which the line is spoken for, so that those who wait are served in the order in which they came.
 */

/** What limits take from the world. */
export interface WireClock {
  /** Milliseconds that only ever grow. */
  now(): number;
  /** Minutes since local midnight, below 1,440. */
  minuteOfDay(): number;
  wait(milliseconds: number): Promise<void>;
}

/** From this minute of the local day on, until the next step: so many bytes a second, or any number. */
export interface RateStep {
  readonly minute: number;
  readonly bytesPerSecond: number | undefined;
}

/** At least one step, in order of time. Before the first of a day, the last one holds. */
export type RateSchedule = readonly RateStep[];

/** What was not used before is lost after this time; it makes up for waits that end late. */
const burstMs = 50;
/** A wait that is shorter is added to the next one. */
const waitMsMin = 2;
/** How long a slice keeps the line for itself, so that others are not kept waiting, and its limits in bytes. */
const sliceMs = 20;
const sliceSizeMin = 256;
const sliceSizeMax = 65_536;

/** The bytes a second at that minute, or undefined when they are not limited. */
export function rateAt(schedule: RateSchedule, minute: number): number | undefined {
  const step = schedule.findLast((candidate) => candidate.minute <= minute) ?? schedule.at(-1);
  return step?.bytesPerSecond;
}

export class Throttle {
  readonly #schedule: RateSchedule;
  readonly #clock: WireClock;
  /** When what was let through so far has passed, milliseconds of the clock. */
  #freeAt = Number.NEGATIVE_INFINITY;

  constructor(schedule: RateSchedule, clock: WireClock) {
    this.#schedule = schedule;
    this.#clock = clock;
  }

  /** The most bytes to ask for at once now. */
  get sliceSize(): number {
    const rate = this.#rate();
    if (rate === undefined) return sliceSizeMax;
    return Math.max(sliceSizeMin, Math.min(sliceSizeMax, Math.floor((rate * sliceMs) / 1_000)));
  }

  /** Returns when `length` bytes may pass. */
  async pass(length: number): Promise<void> {
    const rate = this.#rate();
    if (rate === undefined) return;
    const now = this.#clock.now();
    const start = Math.max(this.#freeAt, now - burstMs);
    this.#freeAt = start + (length * 1_000) / rate;
    if (start - now >= waitMsMin) await this.#clock.wait(start - now);
  }

  #rate(): number | undefined {
    return rateAt(this.#schedule, this.#clock.minuteOfDay());
  }
}
