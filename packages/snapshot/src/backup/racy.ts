/**
 * A change this close (ms) before a file is read may still be going on, or be followed by one in the same tick of the
 * clock, which no stat data would show: ticks are 1 to 10 ms long, and the time is taken before the bytes are written.
 */
export const TICK_MS = 20;
/** A change further (ms) ahead of the clock is by another clock, and tells nothing of ticks. */
export const CLOCK_LAG_MS = 60_000;
/** Files this close (ms) to the moment they were read may have changed in the same tick of their clock. */
export const RACY_MS = 2_000;
/**
 * The same where times come from the clock of another machine, which may be behind this one by so much. Such a file is
 * read once more, by the first backup that comes after that time.
 */
export const REMOTE_RACY_MS = 15 * 60_000;
