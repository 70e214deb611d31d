/** A thread that restores files: each job is run to its end in one go, and answered. */
import { parentPort, workerData } from "node:worker_threads";
import { DATA, idLabel, type PackContext } from "@bcat/pack";
import { loadPosix } from "@bcat/posix";
import { RangeOpener } from "@bcat/repository";
import { loadThreadContext } from "../thread-context.js";
import { READY } from "../thread-ready.js";
import { FileWriter } from "./file-writer.js";
import type { JobDirectories, JobResult, PostedJob, RestoreThreadData } from "./job.js";
import { JobRunner } from "./job-runner.js";
import { MetadataSetter } from "./metadata.js";
import { TargetDirectories, TargetDirectory } from "./target-directory.js";

/** Directories that a thread keeps open. */
const OPEN_MAX = 8;

class RestoreThread {
  readonly #runner: JobRunner;
  readonly #directories: TargetDirectories;
  readonly #top: TargetDirectory;

  constructor({ accelerators, top }: RestoreThreadData, context: PackContext) {
    const posix = loadPosix(accelerators);
    if (!posix.reachesByDescriptor) throw new Error("names cannot be reached from descriptors in a thread");
    this.#directories = new TargetDirectories(posix, OPEN_MAX);
    this.#top = this.#directories.top(top);
    const metadata = new MetadataSetter(posix);
    const idHash = context.blake3.keyed(context.keys.derive(idLabel(DATA), 0, 0));
    this.#runner = new JobRunner({
      posix,
      metadata,
      writer: new FileWriter({ posix, directories: this.#directories, metadata }),
      opener: new RangeOpener(context, idHash),
      postpones: true,
    });
  }

  run(job: PostedJob): JobResult {
    const running = this.#runner.run(job, this.#listDirectories(job.directories));
    try {
      let step = running.next();
      while (step.done !== true) step = running.next();
      return step.value;
    } finally {
      this.#directories.closeAll();
    }
  }

  #listDirectories({ parents, unlike, names, nameEnds }: JobDirectories): TargetDirectory[] {
    const directories = [this.#top];
    for (let i = 1; i < parents.length; i++) {
      const name = names.subarray(nameEnds[i - 1], nameEnds[i]);
      directories.push(new TargetDirectory(directories[parents[i]!]!, name, false, unlike[i] === 1));
    }
    return directories;
  }
}

async function start(data: RestoreThreadData): Promise<void> {
  const context = await loadThreadContext(data, (length) => {
    throw new RangeError(`Cannot draw ${length} random bytes in a thread`);
  });
  const thread = new RestoreThread(data, context);
  parentPort!.on("message", (job: PostedJob) => {
    const result = thread.run(job);
    parentPort!.postMessage(result, [result.states.buffer as ArrayBuffer]);
  });
  parentPort!.on("messageerror", (error) => {
    throw error;
  });
  parentPort!.postMessage(READY);
}

void start(workerData as RestoreThreadData);
