/**
 * The threads that read files, seen from the main one: hands out jobs, takes in what comes of them. Each thread has at
 * most {@link JOBS_MAX} jobs before it, so that it need not wait for the next, and {@link SLABS} slabs to answer in.
 */
import { BcatError } from "@bcat/errors";
import { frameGroupSizeMax, type SharedIndex } from "@bcat/pack";
import type { SharedStore } from "@bcat/repository";
import { Thread } from "../../thread.js";
import { type ContentsThreadData, type Job, THREAD_RANDOM_SIZE } from "./job.js";
import { OpenDescriptors } from "./open-descriptors.js";
import { readSlab, type SlabVisitor } from "./slab.js";

/** Beside this module, in the form it has itself: a module of its package, or part of a bundle. */
const ENTRY = import.meta.url.endsWith(".cjs") ? "./contents-worker.cjs" : "./contents-worker.js";
const JOBS_MAX = 2;
const SLABS = 3;
/** Bytes of a slab beyond the largest group of frames: records of a few hundred files. */
const SLAB_RECORDS_SIZE = 256 * 1024;

export interface ContentsPoolOptions
  extends Omit<ContentsThreadData, "random" | "slabs" | "filled" | "descriptors" | "stopped"> {
  readonly count: number;
  readonly store: SharedStore;
  readonly random: (length: number) => Uint8Array;
  /** Ends every waiting. */
  readonly signal?: AbortSignal | undefined;
  /** Module that a thread runs; another one in tests. */
  readonly entry?: URL;
}

/** A job that is under way, and who is told what comes of it. */
export interface Task extends SlabVisitor {
  readonly job: Job;
  /** It takes so long that nothing is to wait behind it. */
  readonly isLong?: boolean;
}

/** A thread, what it answers in, and what it has before it. */
interface Member {
  readonly thread: Thread;
  readonly slabs: readonly Uint8Array[];
  readonly filled: Int32Array;
  /** The slab that is filled next. */
  next: number;
  readonly tasks: Task[];
  readonly descriptors: OpenDescriptors;
}

export class ContentsPool {
  /** Those that work, or may yet. */
  #threads: readonly Member[];
  readonly #started: readonly Member[];
  readonly #signal: AbortSignal | undefined;
  /** 1 when no file is to be begun or gone on with. */
  readonly #stopped = new Int32Array(new SharedArrayBuffer(4));
  #failure: BcatError | undefined;
  #wake: () => void = () => {};

  constructor(options: ContentsPoolOptions) {
    this.#started = Array.from({ length: options.count }, () => this.#start(options)).filter((it) => it !== undefined);
    this.#threads = this.#started;
    this.#signal = options.signal;
    this.#signal?.addEventListener("abort", this.#abort);
  }

  readonly #abort = () => {
    this.#failure ??= new BcatError("interrupted", "interrupted; nothing was committed");
    this.#wake();
  };

  /** A thread that can take another job is there. */
  get hasRoom(): boolean {
    return this.#threads.some(hasRoom);
  }

  /** A thread that has nothing to do is there. */
  get hasIdle(): boolean {
    return this.#threads.some(({ thread, tasks }) => thread.isReady && tasks.length === 0);
  }

  /** Jobs are under way. */
  get isBusy(): boolean {
    return this.#threads.some(({ tasks }) => tasks.length > 0);
  }

  /** Hands out a job to a thread with room, the one with the least to do. */
  start(task: Task): void {
    const [least] = this.#threads.filter(hasRoom).sort((a, b) => a.tasks.length - b.tasks.length);
    if (least === undefined) throw new RangeError("Cannot hand out a job: no thread has room");
    this.#post(least, task);
  }

  /** Waits until a thread is ready, or it is clear that none will ever be. @throws as {@link take} */
  async ready(): Promise<void> {
    const starting = this.#threads.filter(({ thread }) => !thread.isReady);
    for (const { thread } of starting) thread.hold();
    while (this.#threads.length > 0 && !this.#threads.some(({ thread }) => thread.isReady)) {
      await this.#woken();
      this.#throwFailure();
    }
    for (const { thread, tasks } of starting) if (tasks.length === 0) thread.idle();
  }

  /** Takes in what there is by now; false when there is nothing. @throws BcatError when a thread has failed */
  take(): boolean {
    this.#throwFailure();
    let found = false;
    for (const thread of this.#threads) while (takeSlab(thread)) found = true;
    return found;
  }

  /** Waits until there is something to take in, and takes it. @throws as {@link take} */
  async wait(): Promise<void> {
    while (this.isBusy && !this.take()) await this.#woken();
    this.#throwFailure();
  }

  async #woken(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }

  /** Waits until all jobs are done and all frames that were begun are here; and for `between` now and then. */
  async flush(between: () => Promise<void>): Promise<void> {
    await this.#idle(between);
    for (const thread of this.#threads) {
      if (thread.thread.isReady) this.#post(thread, { ...silent, job: { kind: "flush" }, group: this.onGroup });
    }
    await this.#idle(between);
  }

  async #idle(between: () => Promise<void>): Promise<void> {
    while (this.isBusy) {
      await this.wait();
      await between();
    }
  }

  /** What frames go to that are handed over at a flush. */
  onGroup: (bytes: Uint8Array) => void = () => {};

  adopt(indexes: readonly SharedIndex[]): void {
    for (const { thread, tasks } of this.#threads) {
      thread.post({ kind: "adopt", indexes } satisfies Job);
      // It is not answered.
      if (tasks.length === 0) thread.idle();
    }
  }

  /** Has files given up that are not finished: what is done of them comes to nothing, and frames can be flushed soon. */
  stop(): void {
    Atomics.store(this.#stopped, 0, 1);
  }

  /** Ends the threads, whatever they are doing. */
  async close(): Promise<void> {
    this.#signal?.removeEventListener("abort", this.#abort);
    const ends = this.#started.map(async ({ thread, descriptors }) => {
      await thread.end();
      descriptors.closeAll();
    });
    await Promise.all(ends);
  }

  /** Undefined when the system has no thread to give. */
  #start(options: ContentsPoolOptions): Member | undefined {
    const { count: _, signal: _signal, random, entry = new URL(ENTRY, import.meta.url), ...data } = options;
    const size = SLAB_RECORDS_SIZE + frameGroupSizeMax(data.store.frames.chunkSizeMax);
    const slabs = Array.from({ length: SLABS }, () => new Uint8Array(new SharedArrayBuffer(Math.ceil(size / 8) * 8)));
    const filled = new Int32Array(new SharedArrayBuffer(SLABS * 4));
    const descriptors = new OpenDescriptors();
    const shared = { slabs, filled, descriptors: descriptors.slots, stopped: this.#stopped };
    const workerData: ContentsThreadData = { ...data, random: random(THREAD_RANDOM_SIZE), ...shared };
    const thread = Thread.start(entry, workerData, {
      onMessage: () => this.#wake(),
      onReady: () => this.#wake(),
      onEnd: (cause, wasReady) => this.#lose(member!, cause, wasReady),
    });
    const member = thread && { thread, slabs, filled, next: 0, tasks: [], descriptors };
    return member;
  }

  #post({ thread, tasks }: Member, task: Task): void {
    tasks.push(task);
    thread.post(task.job);
  }

  #lose(member: Member, cause: Error & { readonly code?: unknown }, wasReady: boolean): void {
    if (!wasReady) {
      this.#threads = this.#threads.filter((other) => other !== member);
      this.#wake();
      return;
    }
    const message = `Cannot go on: a thread that reads files has failed: ${cause.message}; nothing was committed`;
    // Of an error that comes from another thread, its code is all that tells its kind.
    this.#failure ??= new BcatError(cause.code === "corrupt" ? "corrupt" : "refused", message, { cause });
    this.#wake();
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }
}

function hasRoom({ thread, tasks }: Member): boolean {
  return thread.isReady && tasks.length < JOBS_MAX && tasks[0]?.isLong !== true;
}

/** Takes in the slab that is filled next, if it is. */
function takeSlab(member: Member): boolean {
  const { slabs, filled, next, tasks, thread } = member;
  const length = Atomics.load(filled, next);
  if (length === 0) return false;
  readSlab(slabs[next]!, length, {
    group: (bytes) => tasks[0]!.group(bytes),
    chunk: (id, length) => tasks[0]!.chunk(id, length),
    restart: () => tasks[0]!.restart(),
    file: (file) => tasks[0]!.file(file),
    fault: (fault) => tasks[0]!.fault(fault),
    end: () => tasks.shift()!.end(),
  });
  member.next = (next + 1) % slabs.length;
  Atomics.store(filled, next, 0);
  Atomics.notify(filled, next);
  if (tasks.length === 0) thread.idle();
  return true;
}

const silent: SlabVisitor = { group() {}, chunk() {}, restart() {}, file() {}, fault() {}, end() {} };
