/**
 * A thread that reads files: each job is run to its end in one go. What comes of it goes into slabs
 * (slab.ts); when all are full, the thread waits for the main one.
 */
import { parentPort, workerData } from "node:worker_threads";
import { createCutter } from "@bcat/chunker";
import { SourceError, systemErrorCode } from "@bcat/errors";
import {
  ChunkClaims,
  type ChunkIndex,
  FrameBuilder,
  idLabel,
  openSharedIndex,
  type PackContext,
  type SharedIndex,
} from "@bcat/pack";
import { loadPosix } from "@bcat/posix";
import { loadThreadContext } from "../../thread-context.js";
import { READY } from "../../thread-ready.js";
import { TICK_MS } from "../racy.js";
import { isForLater } from "../source-fault.js";
import { ChunkMaker } from "./chunk-maker.js";
import { FileReader, WAIT } from "./file-reader.js";
import type { ChunksJob, ContentsThreadData, FilesJob, Job } from "./job.js";
import { OpenDescriptors } from "./open-descriptors.js";
import { type FaultRecord, SlabWriter } from "./slab.js";

const NO_PATH = new Uint8Array(0);
/** Nobody wakes who waits for it. */
const NEVER = new Int32Array(new SharedArrayBuffer(4));

class ContentsThread {
  readonly #context: PackContext;
  readonly #reader: FileReader;
  readonly #builder: FrameBuilder;
  readonly #maker: ChunkMaker;
  readonly #slab: SlabWriter;
  readonly #descriptors: OpenDescriptors;
  readonly #stopped: Int32Array;
  /** A time (ms) that has passed: that of the job, and what was waited since. */
  #now = 0;
  /** The chunk that was stored last; the id is valid until the next. */
  #lastId: Uint8Array = NO_PATH;
  #lastLength = 0;

  constructor(data: ContentsThreadData, context: PackContext) {
    const { chunker, gear, store, accelerators, ignoreCtime } = data;
    const { frames } = store;
    const idHash = context.blake3.keyed(context.keys.derive(idLabel(frames.kind), 0, frames.domain));
    this.#context = context;
    this.#stopped = data.stopped;
    this.#descriptors = new OpenDescriptors(data.descriptors);
    this.#slab = new SlabWriter(data.slabs[0]!, handOver(data));
    this.#builder = new FrameBuilder(context, { ...frames, idHash, onGroup: (group) => this.#slab.group(group) });
    const posix = loadPosix(accelerators);
    if (!posix.reachesByDescriptor) throw new Error("names cannot be reached from descriptors in a thread");
    const cutter = createCutter(chunker, gear);
    const descriptors = this.#descriptors;
    const { minimum, maximum } = chunker;
    this.#reader = new FileReader({ posix, cutter, minimum, maximum, ignoreCtime, descriptors });
    const claims = new ChunkClaims(store.claims);
    const indexes = this.#openAll(store.indexes);
    this.#maker = new ChunkMaker({ idHash, claims, builder: this.#builder, indexes });
  }

  run(job: Job): void {
    if (job.kind === "adopt") {
      for (const index of this.#maker.indexes) index[Symbol.dispose]();
      this.#maker.indexes = this.#openAll(job.indexes);
      return;
    }
    if (job.kind === "files") this.#readFiles(job);
    else if (job.kind === "chunks") this.#storeChunks(job);
    else this.#builder.flush();
    this.#slab.end();
  }

  #openAll(indexes: readonly SharedIndex[]): ChunkIndex[] {
    return indexes.map((index) => openSharedIndex(this.#context, index, { descriptors: this.#descriptors }));
  }

  #readFiles(job: FilesJob): void {
    let start = 0;
    this.#now = job.now;
    for (let index = 0; index < job.nameEnds.length; index++) {
      const end = job.nameEnds[index]!;
      this.#readFile(job, index, job.names.subarray(start, end));
      start = end;
    }
  }

  #readFile(job: FilesJob, index: number, name: Uint8Array): void {
    const directory = { fd: job.directories[index]!, path: NO_PATH };
    if (Atomics.load(this.#stopped, 0) === 1) {
      this.#postpone(index);
      return;
    }
    this.#builder.startContent();
    try {
      const reading = this.#reader.read({ directory, name, now: this.#now, sizeMax: job.sizeMax }, this.#sink);
      let step = reading.next();
      while (step.done !== true && Atomics.load(this.#stopped, 0) === 0) {
        if (step.value === WAIT) this.#waitForTick();
        step = reading.next();
      }
      if (step.done !== true) {
        reading.return(undefined);
        this.#postpone(index);
        return;
      }
      if (step.value === undefined) this.#postpone(index);
      else this.#slab.file({ index, ...step.value }, this.#reader.stat);
    } catch (error) {
      this.#slab.fault(faultOf(index, error));
    }
  }

  #postpone(index: number): void {
    this.#slab.fault({ index, isPostponed: true, code: "", message: "" });
  }

  #waitForTick(): void {
    Atomics.wait(NEVER, 0, 0, TICK_MS);
    this.#now += TICK_MS;
  }

  readonly #sink = {
    chunk: (bytes: Uint8Array) => {
      this.#lastId = this.#maker.store(bytes);
      this.#lastLength = bytes.length;
      this.#slab.chunk(this.#lastId, this.#lastLength);
    },
    repeat: (times: number) => {
      for (let i = 0; i < times; i++) this.#slab.chunk(this.#lastId, this.#lastLength);
    },
    restart: () => this.#slab.restart(),
  };

  #storeChunks({ bytes, places }: ChunksJob): void {
    for (let i = 0; i < places.length; i += 2) {
      const [start, end] = [places[i]!, places[i + 1]!];
      this.#slab.chunk(this.#maker.store(bytes.subarray(start, end)), end - start);
    }
  }
}

/** What a fault is to the main thread. @throws everything that is none of the source */
function faultOf(index: number, error: unknown): FaultRecord {
  if (isForLater(error)) return { index, isPostponed: true, code: "", message: "" };
  if (!(error instanceof SourceError)) throw error;
  return { index, isPostponed: false, code: systemErrorCode(error.cause) ?? error.messageCode, message: error.message };
}

/** Hands over a slab and waits until the next one is free. */
function handOver({ slabs, filled }: ContentsThreadData): (length: number) => Uint8Array {
  let current = 0;
  return (length) => {
    Atomics.store(filled, current, length);
    parentPort!.postMessage("filled");
    current = (current + 1) % slabs.length;
    for (let length = Atomics.load(filled, current); length !== 0; length = Atomics.load(filled, current)) {
      Atomics.wait(filled, current, length);
    }
    return slabs[current]!;
  };
}

/** Hands out bytes that were drawn before. */
function randomFrom(bytes: Uint8Array): (length: number) => Uint8Array {
  let used = 0;
  return (length) => {
    if (used + length > bytes.length) throw new RangeError(`Cannot draw ${length} random bytes in a thread`);
    used += length;
    return bytes.slice(used - length, used);
  };
}

async function start(data: ContentsThreadData): Promise<void> {
  const thread = new ContentsThread(data, await loadThreadContext(data, randomFrom(data.random)));
  parentPort!.on("message", (job: Job) => thread.run(job));
  parentPort!.on("messageerror", (error) => {
    throw error;
  });
  parentPort!.postMessage(READY);
}

void start(workerData as ContentsThreadData);
