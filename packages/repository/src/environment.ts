import type { Blake3, Gcm, Random } from "@bcat/crypto";
import type { Zstd } from "@bcat/pack";

/** Tells which process holds something in the cache. */
export interface Processes {
  /** Of this process, and of no later one; a line of text. */
  readonly mark: string;
  /** False when the process of a mark has ended. `quietMs`: the time since its last sign of life. */
  mayRun(mark: string, quietMs: number): boolean;
}

/**
 * Everything the core takes from the world it runs in, passed in by the caller: nothing below `host` reads a clock,
 * the environment or a source of randomness by itself, so whole fleets can be simulated from a seed.
 */
export interface Environment {
  /** `length` fresh random bytes, from the operating system outside of tests. */
  readonly random: Random;
  /** Milliseconds since 1970-01-01 UTC. Shown and recorded; decides nothing. */
  readonly now: () => number;
  readonly host: string;
  readonly user: string;
  /** Time zone of the host, such as `Europe/Berlin`. */
  readonly zone: string;
  /** 16 bytes that stay the same for one user on one machine. */
  readonly clientId: Uint8Array;
  readonly programVersion: string;
  /** Folder for caches, or undefined: then everything a cache would hold stays in memory. */
  readonly cacheDirectory: string | undefined;
  /** Trees that are stored are kept in the cache too: where a request takes time. */
  readonly keepsTrees?: boolean;
  /** Percent of each pack that is written beside it as parity, 0 for none; as the repository was made if not given. */
  readonly parity?: number | undefined;
  /** Where the storage is, as the user would name it; what a location was the last time is remembered in the cache. */
  readonly location: string;
  readonly blake3: Blake3;
  readonly zstd: Zstd;
  /** How other threads are to load the three above and below; `auto` if not given. */
  readonly accelerators?: "off" | "auto" | "required";
  /** Of frames, in this thread; `node:crypto` if not given. */
  readonly gcm?: Gcm | undefined;
  /** Files that the process may have open; undefined where that is not known. */
  readonly descriptorLimit?: number | undefined;
  /** Without it, nothing is noted of sessions that go on, and what a dead one has left is not taken over. */
  readonly processes?: Processes;
  /** Waits, for somebody else's program to give up a file; if not given, nothing is waited for. */
  readonly wait?: (milliseconds: number) => Promise<unknown>;
  /** Sizes, for tests and for tuning; defaults are those of docs/format.md. */
  readonly sizes?: {
    readonly packSize?: number;
    /** Of the first pack of each kind in a session; as the others if not given. */
    readonly firstPackSize?: number;
    readonly packsPerSegment?: number;
    /** Bytes stored, or read, after which a backup makes a checkpoint. */
    readonly checkpointSize?: number;
    /** Files that are read before other threads are started. */
    readonly filesBeforeThreads?: number;
  };
}
