/** Clocks of several hosts differ: a snapshot counts as in order that is earlier than one before it by at most this, ms. */
export const CLOCKS_DIFFER_MS = 3_600_000;
