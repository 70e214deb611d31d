/** A pattern that has been read: what it matches, and where it stands. */
import type { Part } from "./path-pattern.js";

/** Where a pattern was written: a flag, or a line of a file. */
export interface Origin {
  readonly flag?: string;
  /** In bytes. */
  readonly file?: Uint8Array;
  /** From 1. */
  readonly line?: number;
}

export interface Rule {
  readonly kind: "pattern";
  /** It takes back what others leave out. */
  readonly includes: boolean;
  readonly onlyDirectories: boolean;
  /** From the folder that the rules are about on; a pattern that is not anchored begins with {@link anyDepth}. */
  readonly parts: readonly Part[];
  /** As it was written. */
  readonly text: string;
  readonly origin: Origin;
}
