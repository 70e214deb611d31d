/** Files this close (ms) to the moment they were read may have changed in the same tick of their clock. */
export const RACY_MS = 2_000;
/**
 * The same where times come from the clock of another machine, which may be behind this one by so much. Such a file is
 * read once more, by the first backup that comes after that time.
 */
export const REMOTE_RACY_MS = 15 * 60_000;
