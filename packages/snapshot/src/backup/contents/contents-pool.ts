/**
 * The threads that read files, seen from the main one: hands out jobs, takes in what comes of them. Each thread has at
 * most {@link JOBS_MAX} jobs before it, so that it need not wait for the next, and {@link SLABS} slabs to answer in.
 */
import { Worker, type WorkerOptions } from "node:worker_threads";
import { BcatError } from "@bcat/errors";
import { frameGroupSizeMax, type SharedIndex } from "@bcat/pack";
import type { SharedStore } from "@bcat/repository";
import { type ContentsThreadData, type Job, THREAD_RANDOM_SIZE } from "./job.js";
import { OpenDescriptors } from "./open-descriptors.js";
import { readSlab, type SlabVisitor } from "./slab.js";

/** Beside this module, in the form it has itself: a module of its package, or part of a bundle. */
const ENTRY = import.meta.url.endsWith(".cjs") ? "./contents-worker.cjs" : "./contents-worker.js";
const JOBS_MAX = 2;
const SLABS = 3;
/** Bytes of a slab beyond the largest group of frames: records of a few hundred files. */
const SLAB_RECORDS_SIZE = 256 * 1024;

export interface ContentsPoolOptions extends Omit<ContentsThreadData, "random" | "slabs" | "filled" | "descriptors"> {
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
}

interface Thread {
  readonly worker: Worker;
  readonly slabs: readonly Uint8Array[];
  readonly filled: Int32Array;
  /** The slab that is filled next. */
  next: number;
  readonly tasks: Task[];
  /** When it is ready, or has ended. */
  readonly started: Promise<void>;
  readonly descriptors: OpenDescriptors;
  isReady: boolean;
}

export class ContentsPool {
  /** Those that work, or may yet. */
  #threads: readonly Thread[];
  readonly #started: readonly Thread[];
  readonly #signal: AbortSignal | undefined;
  #failure: BcatError | undefined;
  #isClosing = false;
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

  /** Takes in what there is by now; false when there is nothing. @throws BcatError when a thread has failed */
  take(): boolean {
    this.#throwFailure();
    let found = false;
    for (const thread of this.#threads) while (takeSlab(thread)) found = true;
    return found;
  }

  /** Waits until there is something to take in, and takes it. @throws as {@link take} */
  async wait(): Promise<void> {
    while (this.isBusy && !this.take()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#throwFailure();
  }

  /** Waits until all jobs are done and all frames that were begun are here. */
  async flush(): Promise<void> {
    while (this.isBusy) await this.wait();
    for (const thread of this.#threads) {
      if (thread.isReady) this.#post(thread, { ...silent, job: { kind: "flush" }, group: this.onGroup });
    }
    while (this.isBusy) await this.wait();
  }

  /** What frames go to that are handed over at a flush. */
  onGroup: (bytes: Uint8Array) => void = () => {};

  adopt(indexes: readonly SharedIndex[]): void {
    for (const { worker } of this.#threads) worker.postMessage({ kind: "adopt", indexes } satisfies Job);
  }

  /** Ends the threads, whatever they are doing, but for loading native code: koffi aborts the process then. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.#signal?.removeEventListener("abort", this.#abort);
    const ends = this.#started.map(async (thread) => {
      thread.worker.ref();
      await thread.started;
      await thread.worker.terminate();
      thread.descriptors.closeAll();
    });
    await Promise.all(ends);
  }

  /** Undefined when the system has no thread to give. */
  #start(options: ContentsPoolOptions): Thread | undefined {
    const { count: _, signal: _signal, random, entry = new URL(ENTRY, import.meta.url), ...data } = options;
    const size = SLAB_RECORDS_SIZE + frameGroupSizeMax(data.store.frames.chunkSizeMax);
    const slabs = Array.from({ length: SLABS }, () => new Uint8Array(new SharedArrayBuffer(Math.ceil(size / 8) * 8)));
    const filled = new Int32Array(new SharedArrayBuffer(SLABS * 4));
    const descriptors = new OpenDescriptors();
    const shared = { slabs, filled, descriptors: descriptors.slots };
    const workerData: ContentsThreadData = { ...data, random: random(THREAD_RANDOM_SIZE), ...shared };
    // Node hears nothing of descriptors that native code closes: it is to close none at the end of the thread.
    const worker = createWorker(entry, { workerData, trackUnmanagedFds: false });
    if (worker === undefined) return undefined;
    const started = new Promise<void>((resolve) => {
      worker.once("message", () => resolve());
      worker.once("exit", () => resolve());
    });
    const thread: Thread = { worker, slabs, filled, next: 0, tasks: [], started, descriptors, isReady: false };
    worker.on("message", () => {
      thread.isReady = true;
      this.#wake();
    });
    worker.on("error", (error) => this.#fail(thread, error));
    worker.on("exit", () => this.#fail(thread, new Error("it ended by itself")));
    worker.unref();
    return thread;
  }

  #post(thread: Thread, task: Task): void {
    thread.tasks.push(task);
    thread.worker.ref();
    thread.worker.postMessage(task.job);
  }

  #fail(thread: Thread, cause: Error & { readonly code?: unknown }): void {
    if (this.#isClosing || !this.#threads.includes(thread)) return;
    if (!thread.isReady) {
      // It has done nothing yet, and is done without: where descriptors or memory run out while its modules are loaded,
      // Node has many words for that, such as that there is no module of that name.
      this.#threads = this.#threads.filter((other) => other !== thread);
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

function createWorker(entry: URL, options: WorkerOptions): Worker | undefined {
  try {
    return new Worker(entry, options);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ERR_WORKER_INIT_FAILED") return undefined;
    throw error;
  }
}

function hasRoom({ isReady, tasks }: Thread): boolean {
  return isReady && tasks.length < JOBS_MAX;
}

/** Takes in the slab that is filled next, if it is. */
function takeSlab(thread: Thread): boolean {
  const { slabs, filled, next, tasks, worker } = thread;
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
  thread.next = (next + 1) % slabs.length;
  Atomics.store(filled, next, 0);
  Atomics.notify(filled, next);
  if (tasks.length === 0) worker.unref();
  return true;
}

const silent: SlabVisitor = { group() {}, chunk() {}, restart() {}, file() {}, fault() {}, end() {} };
