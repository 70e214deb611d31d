/**
 * A thread that reads files: each job is run to its end in one go. What comes of it goes into slabs
 * (slab.ts); when all are full, the thread waits for the main one.
 */
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
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
import { isForLater } from "../source-fault.js";
import { ChunkMaker } from "./chunk-maker.js";
import { FileReader } from "./file-reader.js";
import type { ChunksJob, ContentsThreadData, FilesJob, FilledSlab, Job, SlabPort } from "./job.js";
import { OpenDescriptors } from "./open-descriptors.js";
import { type FaultRecord, SlabWriter } from "./slab.js";

const NO_PATH = new Uint8Array(0);

class ContentsThread {
  readonly #context: PackContext;
  readonly #reader: FileReader;
  readonly #builder: FrameBuilder;
  readonly #maker: ChunkMaker;
  readonly #slab: SlabWriter;
  readonly #descriptors: OpenDescriptors;

  constructor(data: ContentsThreadData, context: PackContext) {
    const { chunker, gear, store, accelerators, ignoreCtime } = data;
    const { frames } = store;
    const idHash = context.blake3.keyed(context.keys.derive(idLabel(frames.kind), 0, frames.domain));
    this.#context = context;
    this.#descriptors = new OpenDescriptors(data.descriptors);
    const slabs = new Slabs(data.slabs);
    this.#slab = new SlabWriter(slabs.current, slabs.next);
    this.#builder = new FrameBuilder(context, { ...frames, idHash, onGroup: (group) => this.#slab.group(group) });
    const posix = loadPosix(accelerators);
    if (!posix.reachesByDescriptor) throw new Error("names cannot be reached from descriptors in a thread");
    const cutter = createCutter(chunker, gear);
    const descriptors = this.#descriptors;
    this.#reader = new FileReader({ posix, cutter, minimum: chunker.minimum, ignoreCtime, descriptors });
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
    for (let index = 0; index < job.nameEnds.length; index++) {
      const end = job.nameEnds[index]!;
      this.#readFile(job, index, job.names.subarray(start, end));
      start = end;
    }
  }

  #readFile(job: FilesJob, index: number, name: Uint8Array): void {
    const directory = { fd: job.directories[index]!, path: NO_PATH };
    this.#builder.startContent();
    try {
      const reading = this.#reader.read({ directory, name, now: job.now, sizeMax: job.sizeMax }, this.#sink);
      let step = reading.next();
      while (step.done !== true) step = reading.next();
      if (step.value === undefined) this.#slab.fault({ index, isPostponed: true, code: "", message: "" });
      else this.#slab.file({ index, ...step.value }, this.#reader.stat);
    } catch (error) {
      this.#slab.fault(faultOf(index, error));
    }
  }

  readonly #sink = {
    chunk: (bytes: Uint8Array) => this.#slab.chunk(this.#maker.store(bytes), bytes.length),
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
  return { index, isPostponed: false, code: systemErrorCode(error.cause) ?? "", message: error.message };
}

/** Slabs of this thread's own, and those it is given back. */
class Slabs {
  readonly #way: SlabPort;
  #left: number;
  #current: Uint8Array;

  constructor(way: SlabPort) {
    this.#way = way;
    this.#left = way.count;
    this.#current = this.#take();
  }

  /** The one to fill. */
  get current(): Uint8Array {
    return this.#current;
  }

  /** Hands it over and waits until there is another. */
  readonly next = (length: number): Uint8Array => {
    const slab = this.#current;
    const { port, counts } = this.#way;
    port.postMessage({ slab, length } satisfies FilledSlab, [slab.buffer as ArrayBuffer]);
    Atomics.add(counts, 0, 1);
    parentPort!.postMessage("filled");
    this.#current = this.#take();
    return this.#current;
  };

  #take(): Uint8Array {
    const { port, counts, size } = this.#way;
    if (this.#left > 0) {
      this.#left--;
      return new Uint8Array(size);
    }
    for (;;) {
      const back = Atomics.load(counts, 1);
      const received = receiveMessageOnPort(port);
      if (received !== undefined) return received.message as Uint8Array;
      Atomics.wait(counts, 1, back);
    }
  }
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
  parentPort!.postMessage("ready");
}

void start(workerData as ContentsThreadData);
