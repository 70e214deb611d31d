/** Jobs of a restore: other threads run what they have room for, this one the others; here all are settled. */
import { BcatError, CorruptError } from "@bcat/errors";
import type { FetchedRange } from "@bcat/repository";
import type { FileWriter } from "./file-writer.js";
import { DirectoryNumbers, describeFiles, type Job, type JobFault, type JobResult, NOTHING, State } from "./job.js";
import type { JobRunner } from "./job-runner.js";
import { LargeFile, type LargeFiles } from "./large-files.js";
import type { MetadataSetter } from "./metadata.js";
import type { RestoreRun } from "./restore-run.js";
import type { RestoreThreads } from "./restore-threads.js";
import type { SparseFiles } from "./sparse-files.js";
import type { WaitingFile } from "./waiting-file.js";

/** Files, or bytes, after which other threads are started: below, that would cost more than it gains. */
const START_FILES = 1_000;
const START_SIZE = 16 * 2 ** 20;

export interface JobsOptions {
  readonly run: RestoreRun;
  readonly runner: JobRunner;
  readonly writer: FileWriter;
  readonly large: LargeFiles;
  readonly metadata: MetadataSetter;
  readonly sparse: SparseFiles;
  /** What there will be to do in all, if that is known. */
  readonly totals: { readonly files: number; readonly bytes: number } | undefined;
  /** Starts the other threads; undefined when there are to be none. */
  readonly createThreads: (() => RestoreThreads) | undefined;
  /** Files asked for before they are started; {@link START_FILES} if not given. */
  readonly startFiles: number | undefined;
}

/** Files and where in each of them its piece of the content goes, in the same order. */
export interface Pieces {
  readonly files: readonly WaitingFile[];
  /** 0 when it is not given. */
  readonly positions?: Float64Array;
  /** Bytes that the tree says there are. */
  readonly lengths: Uint32Array;
  readonly content: FetchedRange | Uint8Array;
}

export class Jobs {
  readonly #options: JobsOptions;
  #threads: RestoreThreads | undefined;
  #files = 0;
  #bytes = 0;
  /** Settles when no job runs in this thread. */
  #here: Promise<void> = Promise.resolve();
  readonly #running = new Set<Promise<unknown>>();
  /** Files that are to take the place of others, and are on their way. */
  readonly #temporary = new Set<WaitingFile>();
  #isEnding = false;

  constructor(options: JobsOptions) {
    this.#options = options;
    if (options.totals !== undefined) this.#startThreads(options.totals);
  }

  /** Jobs that are under way at once. */
  get width(): number {
    return 1 + (this.#threads?.width ?? 0);
  }

  /** True when {@link run} leaves the next job to another thread. */
  get hasRoom(): boolean {
    return this.#threads?.hasRoom === true;
  }

  /** Notes what will have to be done, where nothing is known of it all, and starts the other threads when that is enough. */
  expect(files: number, bytes: number): void {
    if (this.#options.totals !== undefined || this.#threads !== undefined) return;
    this.#files += files;
    this.#bytes += bytes;
    this.#startThreads({ files: this.#files, bytes: this.#bytes });
  }

  /**
   * Writes content to its files, and settles them.
   *
   * @returns the pieces for which that was not possible, though their files have not failed
   * @throws BcatError target-failed, interrupted, refused: the restore ends
   */
  async run(pieces: Pieces): Promise<readonly number[]> {
    for (const file of pieces.files) {
      if (file.finalName !== undefined && !(file instanceof LargeFile)) this.#temporary.add(file);
    }
    const running = this.#run(pieces);
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  async #run(pieces: Pieces): Promise<readonly number[]> {
    this.#refuseEnding();
    const numbers = new DirectoryNumbers();
    const job = { files: this.#describe(pieces, numbers), content: pieces.content };
    const result = this.hasRoom ? await this.#runThere(job, numbers) : await this.#runInTurn(job, numbers);
    return this.#settle(pieces, result);
  }

  /** Writes bytes of a file here and now. @throws BcatError target-failed */
  write(file: WaitingFile, bytes: Uint8Array, position: number): void {
    const { run, large, writer, sparse } = this.#options;
    if (file instanceof LargeFile) {
      large.write(file, bytes, position);
      large.settle(file);
      return;
    }
    let fault: string | undefined;
    try {
      fault = writer.writeWhole(file.directory, file.node, bytes, { isSparse: sparse.has(file.node) });
    } catch (error) {
      this.fail(file, error);
      return;
    }
    if (this.#count(file, bytes.length) && fault !== undefined) run.report(file.path, fault);
  }

  /** A piece of the file cannot be written. @throws BcatError target-failed for errors that every further file would meet */
  fail(file: WaitingFile, error: unknown): void {
    const { run, large } = this.#options;
    if (file instanceof LargeFile) {
      large.fail(file, error);
      large.settle(file);
      return;
    }
    this.#temporary.delete(file);
    run.lose(file.node);
    run.refuseExhausted(file.path, error);
    run.report(file.path, error);
  }

  /** Ends the other threads. Jobs that are under way stop between two pieces, and none is begun any more. */
  async close(): Promise<void> {
    this.#isEnding = true;
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
    for (const { directory, node } of this.#temporary) this.#options.writer.remove(directory, node, undefined);
    this.#temporary.clear();
    await this.#threads?.close();
  }

  #startThreads({ files, bytes }: { files: number; bytes: number }): void {
    const { createThreads, startFiles = START_FILES } = this.#options;
    if (files >= startFiles || bytes >= START_SIZE) this.#threads = createThreads?.();
  }

  #refuseEnding(): void {
    if (this.#isEnding) throw new BcatError("interrupted", "the restore has ended");
  }

  #describe({ files, positions, lengths }: Pieces, directories: DirectoryNumbers): Job["files"] {
    const columns = describeFiles(files, lengths, { directories, isSparse: (node) => this.#options.sparse.has(node) });
    files.forEach((file, i) => {
      if (!(file instanceof LargeFile)) return;
      columns.descriptors[i] = this.#options.large.open(file) ?? NOTHING;
      columns.positions[i] = positions?.[i] ?? 0;
    });
    return columns;
  }

  async #runThere(job: Job, numbers: DirectoryNumbers): Promise<JobResult> {
    const result = await this.#threads!.run({ ...job, directories: numbers.table() });
    this.#options.metadata.addUnset(result.unset);
    const turn = this.#options.run.breathe(0);
    if (turn !== undefined) await turn;
    return result;
  }

  /** Runs the job here when no other one does, unless a thread has room by then. */
  async #runInTurn(job: Job, numbers: DirectoryNumbers): Promise<JobResult> {
    const before = this.#here;
    const { promise, resolve } = withResolvers();
    this.#here = promise;
    try {
      await before;
      this.#refuseEnding();
      if (!this.hasRoom) return await this.#runHere(job, numbers);
    } finally {
      resolve();
    }
    return await this.#runThere(job, numbers);
  }

  async #runHere(job: Job, { directories }: DirectoryNumbers): Promise<JobResult> {
    const { runner, run } = this.#options;
    const running = runner.run(job, directories);
    let step = running.next();
    for (; step.done !== true; step = running.next()) {
      const turn = run.breathe(step.value);
      if (turn === undefined) continue;
      await turn;
      this.#refuseEnding();
    }
    return step.value;
  }

  #settle({ files, lengths, content }: Pieces, { states, faults }: JobResult): number[] {
    const { run } = this.#options;
    const unread: number[] = [];
    let next = 0;
    for (let i = 0; i < files.length; i++) {
      const file = files[i]!;
      const fault = faults[next]?.index === i ? faults[next++] : undefined;
      const state = states[i];
      if (state === State.written) {
        if (this.#count(file, lengths[i]!) && fault !== undefined) run.report(file.path, fault.message);
      } else if (state === State.failed) this.fail(file, errorOf(fault!));
      else if (state === State.wrongLength) this.fail(file, wrongLengthIn(content, i, lengths[i]!));
      else unread.push(i);
    }
    return unread;
  }

  /** False when the file could not take its place. */
  #count(file: WaitingFile, length: number): boolean {
    const { run, large } = this.#options;
    if (file instanceof LargeFile) {
      if (file.failure === undefined) {
        run.bytes += length;
        run.at(file);
      }
      large.settle(file);
      return true;
    }
    if (file.finalName !== undefined && !this.#publish(file)) return false;
    run.bytes += length;
    run.countFile(file);
    return true;
  }

  #publish(file: WaitingFile): boolean {
    const { writer } = this.#options;
    try {
      writer.publish(file);
      this.#temporary.delete(file);
      return true;
    } catch (error) {
      this.fail(file, writer.remove(file.directory, file.node, error));
      return false;
    }
  }
}

/** The chunk is what its id says, so the tree is wrong: the file would have a gap, or an overlap. */
export function wrongLength({ id, found, said }: { id: Uint8Array; found: number; said: number }): CorruptError {
  const hex = Buffer.from(id.subarray(0, 8)).toString("hex");
  return new CorruptError(`Cannot use chunk ${hex}…: it has ${found} bytes, the tree says ${said}`);
}

function wrongLengthIn(content: Pieces["content"], i: number, said: number): CorruptError {
  // Content out of a node is as long as it is.
  if (content instanceof Uint8Array) throw new RangeError("Cannot be of another length");
  const { ids, lengths } = content.chunks;
  return wrongLength({ id: ids.subarray(i * 32), found: lengths[i]!, said });
}

/** What a fault in another thread was there. */
function errorOf({ code, message }: JobFault): Error {
  return code === "" ? new Error(message) : Object.assign(new Error(message), { code });
}

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
