/** What a caller tells a copy, and what it is told. */
import type { Compression, Warning } from "../backup/options.js";
import type { ListedSnapshot } from "../snapshots.js";

export interface CopyOptions {
  readonly compression?: Compression | undefined;
  /** Commits a snapshot also when some of its entries are damaged in the source, without these. */
  readonly skipDamaged?: boolean;
  /** Threads that store chunks of large files; 1, the main one, if not given. */
  readonly threads?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (progress: CopyProgress) => void;
  /** Told of each entry of the source that is damaged. */
  readonly onWarning?: (warning: Warning) => void;
  /** Told of each snapshot when it is committed. */
  readonly onCopied?: (copied: CopiedSnapshot) => void;
  /** Told of each copy that lacks entries as before, because the source still cannot give them. */
  readonly onStillIncomplete?: (from: number, copy: IncompleteCopy) => void;
  /** Bytes of what is remembered as copied, for tests. */
  readonly memorySize?: number;
  /** Entries that wait for contents, for tests. */
  readonly waitingMax?: number;
}

export interface CopyProgress {
  /** Of the source, at hand. */
  readonly snapshot: number;
  readonly snapshotsDone: number;
  readonly snapshotsTotal: number;
  /** Of the snapshot at hand: files that were gone through, and bytes that were read; what is there already is neither. */
  readonly filesDone: number;
  readonly bytesDone: number;
  /** What the snapshot at hand has. */
  readonly filesTotal: number;
  readonly bytesTotal: number;
  readonly errors: number;
  /** Of all snapshots, from 0 to 1: an estimate. */
  readonly share: number;
  /** What was copied last. */
  readonly currentPath: Uint8Array | undefined;
}

export interface CopiedSnapshot {
  /** In the source, and in the target. */
  readonly from: number;
  readonly number: number;
  readonly files: number;
  readonly bytes: number;
  /** Bytes that were read of contents in the source. */
  readonly bytesRead: number;
  readonly dataAdded: number;
  readonly dataAddedPacked: number;
  /** Damaged entries that it lacks. */
  readonly errors: number;
  /** The copy that it has taken the place of, which lacked more. */
  readonly replaced?: IncompleteCopy;
}

/** A copy that was made without what was damaged then. */
export interface IncompleteCopy {
  /** In the target. */
  readonly number: number;
  /** Entries that it lacks. */
  readonly lacks: number;
  /** Some of it was left out on purpose since: another copy would bring that back. */
  readonly isRewritten: boolean;
}

/** A snapshot of the source that is to be copied. */
export interface SnapshotToCopy extends ListedSnapshot {
  /** The copy that is to be replaced. */
  readonly replaces?: IncompleteCopy;
  /** The copy that is to take its place was committed by an earlier run. */
  readonly replacedBy?: number;
}

/** Which snapshots of a source are to be copied, and which need not be. */
export interface CopyPlan {
  /** Ascending by number. */
  readonly missing: readonly ListedSnapshot[];
  /** Those whose copy lacks entries, to be copied again. */
  readonly incomplete: readonly SnapshotToCopy[];
  /** Those whose copy lacks entries, and was rewritten since: whoever wants them whole forgets that one. */
  readonly rewritten: readonly { readonly from: number; readonly copy: IncompleteCopy }[];
  /** Those that are there already, with the number that they have there. */
  readonly present: readonly { readonly from: number; readonly number: number }[];
  /** Those that were there, and were forgotten there: whoever wants them back names them. */
  readonly forgotten: readonly ListedSnapshot[];
}
