/**
 * The threads that restore files, seen from the main one. Each has at most {@link JOBS_MAX} jobs before it, so that it
 * need not wait for the next.
 */
import { Worker } from "node:worker_threads";
import { BcatError } from "@bcat/errors";
import type { JobResult, PostedJob, RestoreThreadData } from "./job.js";

/** Beside this module, in the form it has itself: a module of its package, or part of a bundle. */
const ENTRY = import.meta.url.endsWith(".cjs") ? "./restore-worker.cjs" : "./restore-worker.js";
const JOBS_MAX = 2;

export interface RestoreThreadsOptions extends RestoreThreadData {
  readonly count: number;
  /** Module that a thread runs; another one in tests. */
  readonly entry?: URL;
}

interface Answer {
  readonly resolve: (result: JobResult) => void;
  readonly reject: (error: unknown) => void;
}

interface Thread {
  readonly worker: Worker;
  /** Who waits for what has been asked of it, in order. */
  readonly answers: Answer[];
  /** When it is ready, or has ended. */
  readonly started: Promise<void>;
  isReady: boolean;
}

export class RestoreThreads {
  #threads: readonly Thread[];
  #failure: BcatError | undefined;
  #isClosing = false;

  constructor({ count, entry = new URL(ENTRY, import.meta.url), ...data }: RestoreThreadsOptions) {
    this.#threads = Array.from({ length: count }, () => this.#start(entry, data));
  }

  /** Jobs that all threads together can have. */
  get width(): number {
    return this.#threads.length * JOBS_MAX;
  }

  /** A thread that can take another job is there. */
  get hasRoom(): boolean {
    return this.#threads.some(hasRoom);
  }

  /** Hands out a job to a thread with room, the one with the least to do. @throws BcatError when a thread has failed */
  async run(job: PostedJob): Promise<JobResult> {
    if (this.#failure !== undefined) throw this.#failure;
    const [least] = this.#threads.filter(hasRoom).sort((a, b) => a.answers.length - b.answers.length);
    if (least === undefined) throw new RangeError("Cannot hand out a job: no thread has room");
    const answer = new Promise<JobResult>((resolve, reject) => least.answers.push({ resolve, reject }));
    least.worker.ref();
    least.worker.postMessage(job);
    return await answer;
  }

  /** Ends the threads. Whoever calls it has waited for all jobs: a file that is half made would stay so. */
  async close(): Promise<void> {
    this.#isClosing = true;
    const ends = this.#threads.map(async ({ worker, started }) => {
      worker.ref();
      // Not while it loads native code: koffi aborts the process then.
      await started;
      await worker.terminate();
    });
    await Promise.all(ends);
  }

  #start(entry: URL, workerData: RestoreThreadData): Thread {
    // Descriptors are closed by whoever opened them, not by Node at the end of the thread.
    const worker = new Worker(entry, { workerData, trackUnmanagedFds: false });
    const started = new Promise<void>((resolve) => {
      worker.once("message", () => resolve());
      worker.once("exit", () => resolve());
    });
    const thread: Thread = { worker, answers: [], started, isReady: false };
    worker.on("message", (message: JobResult | "ready") => {
      if (message === "ready") thread.isReady = true;
      else thread.answers.shift()!.resolve(message);
      if (thread.answers.length === 0) worker.unref();
    });
    worker.on("error", (error) => this.#fail(thread, error));
    worker.on("exit", () => this.#fail(thread, new Error("it ended by itself")));
    worker.unref();
    return thread;
  }

  /** One that could not be started is done without; one that was has left files that are not whole. */
  #fail(thread: Thread, cause: Error): void {
    if (this.#isClosing || !this.#threads.includes(thread)) return;
    this.#threads = this.#threads.filter((other) => other !== thread);
    if (!thread.isReady) return;
    const message = `Cannot go on: a thread that restores files has failed: ${cause.message}; what was restored so far is incomplete`;
    this.#failure ??= new BcatError("refused", message, { cause });
    for (const { reject } of thread.answers) reject(this.#failure);
  }
}

function hasRoom({ isReady, answers }: Thread): boolean {
  return isReady && answers.length < JOBS_MAX;
}
