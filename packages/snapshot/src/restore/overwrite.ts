/** What a restore does with entries that are there already; restic's words, with restic's meaning. */
export const overwriteModes = ["always", "if-changed", "if-newer", "never"] as const;

/**
 * - `always`: contents are compared, and what differs is written;
 * - `if-changed`: the same, but a file of the same size and mtime is taken for the same;
 * - `if-newer`: only what the snapshot has newer, by mtime, is compared and written;
 * - `never`: everything stays as it is.
 *
 * Folders get what the snapshot says of them in any case.
 */
export type Overwrite = (typeof overwriteModes)[number];
