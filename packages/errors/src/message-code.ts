/**
 * Stable names of what is told while a command runs: the field `code` of every warning, error, note and finding of
 * `--json`. What each means is in the table of docs/guide.md. A name is never given another meaning, nor taken away.
 */
import type { BcatErrorCode } from "./index.js";

/** Of an entry of the source. */
export const sourceCodes = [
  "unreadable",
  "listed-not-found",
  "replaced",
  "not-storable",
  "time-not-storable",
  "attributes-unreadable",
  "changed-while-read",
  "unknown-type",
  "own-folder",
  "attributes-not-stored",
  "source-inside",
  "source-link",
  "device-read",
  "file-system-crossed",
  "file-system-left",
  "ignore-file-unusable",
  "tag-unusable",
  "pattern-unmatched",
  "pattern-meaning",
  "variable-unset",
  "backup-note",
] as const;

/** Of an entry of the target, or of an archive. */
export const targetCodes = [
  "not-restored",
  "not-dumped",
  "folder-not-made",
  "not-deleted",
  "metadata-not-set",
  "left-out",
  "owners-not-set",
  "set-ids-not-set",
  "times-inexact",
  "links-not-kept",
  "nothing-matches",
  "restore-note",
] as const;

/** Of the repository, its place and the machine. */
export const placeCodes = [
  "no-answer",
  "region-found",
  "clock-corrected",
  "bucket-created",
  "no-ranges",
  "cache-unusable",
  "other-things",
  "repository-older",
  "repository-replaced",
  "probe-leftovers",
  "snapshot-flawed",
  "copy-incomplete",
  "archived",
  "stopping",
  "restic-variables",
] as const;

/** Of a check. */
export const checkCodes = [
  "damaged",
  "missing",
  "misread",
  "other-key-slot",
  "removed-key-slot",
  "unfinished-session",
  "stray-object",
  "orphan",
  "leftover-files",
  "condemned-gone",
] as const;

export type SourceCode = (typeof sourceCodes)[number];
export type MessageCode =
  | SourceCode
  | (typeof targetCodes)[number]
  | (typeof placeCodes)[number]
  | (typeof checkCodes)[number]
  | BcatErrorCode;

/** Told in a line something that is not wrong, but good to know. */
export type OnNotice = (line: string, code: MessageCode) => void;
