/** Which threads beside the main one make frames for a session. */
import type { WriteSession } from "@bcat/repository";
import { ContentsPool } from "./contents-pool.js";

/** Threads beside this one. */
const THREADS_MAX = 32;
/** Longest chunks with which other threads are used: a group of frames of a longer one takes slabs of that size in each. */
const CHUNK_SIZE_MAX = 16 * 2 ** 20;

export interface ThreadOptions {
  /** All of them, this one too. */
  readonly threads?: number | undefined;
  readonly ignoreCtime?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Undefined when this thread is to do everything. */
export function poolMaker(session: WriteSession, options: ThreadOptions): (() => ContentsPool) | undefined {
  const { repository } = session;
  const { context, environment, chunker } = repository;
  const count = Math.min((options.threads ?? 1) - 1, THREADS_MAX);
  if (count < 1 || chunker.maximum > CHUNK_SIZE_MAX) return undefined;
  return () =>
    new ContentsPool({
      count,
      keys: context.keys.share(),
      accelerators: environment.accelerators ?? "auto",
      random: environment.random,
      chunker,
      gear: repository.gear(),
      ignoreCtime: options.ignoreCtime === true,
      signal: options.signal,
      store: session.chunks.share(),
    });
}
