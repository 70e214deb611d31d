/** Files this close (ms) to the moment they were read may have changed in the same tick of their clock. */
export const RACY_MS = 2_000;
