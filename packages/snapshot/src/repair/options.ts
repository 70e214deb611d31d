/** What a caller tells a repair of snapshots, and what it is told. */
import type { CheckOptions } from "@bcat/repository";
import type { Loss } from "./tree-rewriter.js";

export interface RepairSnapshotsOptions extends Pick<CheckOptions, "signal" | "onProgress"> {
  /** All if not given. */
  readonly numbers?: ReadonlySet<number> | undefined;
  /** Packs that nothing is to be expected of, condemned or not. */
  readonly badPacks?: readonly string[] | undefined;
  /** Says what would be done, and does nothing. */
  readonly dryRun?: boolean;
  /** Forgets those that were made anew. */
  readonly forget?: boolean;
}

/** A snapshot that is not whole. */
export interface SnapshotRepair {
  readonly number: number;
  /** Number under which it was made anew; undefined in a dry run, and when nothing of it is left. */
  readonly by: number | undefined;
  /** An earlier repair has made it anew, and nothing was done now. */
  readonly wasDone: boolean;
  /** The first 100 of what is lost. */
  readonly lost: readonly Loss[];
  readonly lostCount: number;
}

export interface HealFromOptions extends Pick<CheckOptions, "signal" | "onProgress"> {
  /** Packs that nothing is to be expected of, condemned or not. */
  readonly badPacks?: readonly string[] | undefined;
  readonly dryRun?: boolean;
}

export interface HealedFrom {
  readonly files: number;
  readonly folders: number;
  /** Chunks that came back. */
  readonly chunks: number;
  /** Those that stored them. */
  readonly sessions: readonly number[];
  /** The first 100 of what the other repository has not, or not as it was. */
  readonly unhealed: readonly Unhealed[];
  readonly unhealedCount: number;
}

/** A file or folder that is still lost. */
export interface Unhealed {
  /** Absolute. */
  readonly path: Uint8Array;
  /** One of those that need it. */
  readonly snapshot: number;
}
