/** What the main thread asks of a thread that reads files. All of it can be cloned. */
import type { ChunkerSettings } from "@bcat/chunker";
import type { SharedIndex } from "@bcat/pack";
import type { SharedStore } from "@bcat/repository";
import type { ThreadContextData } from "../../thread-context.js";

/** What a thread is given when it starts. */
export interface ContentsThreadData extends ThreadContextData {
  /** Fresh random bytes, {@link THREAD_RANDOM_SIZE}: a thread draws none by itself. */
  readonly random: Uint8Array;
  readonly chunker: ChunkerSettings;
  readonly gear: Uint32Array;
  readonly ignoreCtime: boolean;
  readonly store: SharedStore;
  readonly slabs: readonly Uint8Array[];
  /** For each slab the bytes that wait for the main thread in it; 0 when it is the thread's to fill. */
  readonly filled: Int32Array;
  /** 1 when files that are not finished are to be given up. */
  readonly stopped: Int32Array;
  /** Slots of the descriptors that the thread has open (open-descriptors.ts). */
  readonly descriptors: Int32Array;
}

/** For one key, one seed of salts, and some. */
export const THREAD_RANDOM_SIZE = 256;

/** Files to read: names one after another, each in an open directory. */
export interface FilesJob {
  readonly kind: "files";
  /** A time (ms) before the reading begins. */
  readonly now: number;
  /** Files that have become larger are left to the main thread, bytes. */
  readonly sizeMax: number;
  /** Descriptor of the directory of each file. */
  readonly directories: Int32Array;
  readonly names: Uint8Array;
  /** Where each name ends. */
  readonly nameEnds: Uint32Array;
}

/** Chunks of a large file that another thread has read and cut. */
export interface ChunksJob {
  readonly kind: "chunks";
  readonly bytes: Uint8Array;
  /** Of each where it begins and ends. */
  readonly places: Uint32Array;
}

/** Every job is answered by records in slabs, the last of them its end; `adopt` is not answered. */
export type Job =
  | FilesJob
  | ChunksJob
  | { readonly kind: "flush" }
  | { readonly kind: "adopt"; readonly indexes: readonly SharedIndex[] };
