/**
 * The threads that restore files, seen from the main one. Each has at most {@link JOBS_MAX} jobs before it, so that it
 * need not wait for the next.
 */
import { BcatError } from "@bcat/errors";
import { Thread } from "../thread.js";
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

/** A thread, and who waits for what has been asked of it, in order. */
interface Member {
  readonly thread: Thread;
  readonly answers: Answer[];
}

export class RestoreThreads {
  /** Those that work, or may yet. */
  #threads: readonly Member[];
  readonly #started: readonly Member[];
  #failure: BcatError | undefined;

  constructor({ count, entry = new URL(ENTRY, import.meta.url), ...data }: RestoreThreadsOptions) {
    this.#started = Array.from({ length: count }, () => this.#start(entry, data)).filter((it) => it !== undefined);
    this.#threads = this.#started;
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
  run(job: PostedJob): Promise<JobResult> {
    const done = this.#run(job);
    // Who asked may look at it later than the thread ends.
    done.catch(() => {});
    return done;
  }

  async #run(job: PostedJob): Promise<JobResult> {
    if (this.#failure !== undefined) throw this.#failure;
    const [least] = this.#threads.filter(hasRoom).sort((a, b) => a.answers.length - b.answers.length);
    if (least === undefined) throw new RangeError("Cannot hand out a job: no thread has room");
    const answer = new Promise<JobResult>((resolve, reject) => least.answers.push({ resolve, reject }));
    least.thread.post(job);
    return await answer;
  }

  /** Ends the threads. Whoever calls it has waited for all jobs: a file that is half made would stay so. */
  async close(): Promise<void> {
    await Promise.all(this.#started.map(({ thread }) => thread.end()));
  }

  /** Undefined when the system has no thread to give. */
  #start(entry: URL, data: RestoreThreadData): Member | undefined {
    const answers: Answer[] = [];
    const thread = Thread.start(entry, data, {
      onMessage(message) {
        answers.shift()!.resolve(message as JobResult);
        if (answers.length === 0) thread?.idle();
      },
      onReady() {},
      onEnd: (cause, wasReady) => this.#lose(member!, cause, wasReady),
    });
    const member = thread && { thread, answers };
    return member;
  }

  /** One that has done something has left files that are not whole. */
  #lose(member: Member, cause: Error, wasReady: boolean): void {
    this.#threads = this.#threads.filter((other) => other !== member);
    if (!wasReady) return;
    const message = `Cannot go on: a thread that restores files has failed: ${cause.message}; what was restored so far is incomplete`;
    this.#failure ??= new BcatError("refused", message, { cause });
    for (const { reject } of member.answers) reject(this.#failure);
  }
}

function hasRoom({ thread, answers }: Member): boolean {
  return thread.isReady && answers.length < JOBS_MAX;
}
