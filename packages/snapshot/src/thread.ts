/**
 * A thread beside the main one. It says {@link READY} first of all, when it has loaded what it needs. One that cannot be
 * had, ends before that, or says something else, is done without: where descriptors or memory run out while its modules
 * are loaded, Node has many words for that, such as that there is no module of that name.
 */
import { createRequire } from "node:module";
import type { Worker } from "node:worker_threads";
import { READY } from "./thread-ready.js";

const require = createRequire(import.meta.url);

export interface ThreadEvents {
  /** What it says after {@link READY}. */
  readonly onMessage: (message: unknown) => void;
  /** When it can be given something to do. */
  readonly onReady: () => void;
  /** It has ended and was not told to. `wasReady` is false when it has never done anything. */
  readonly onEnd: (cause: Error & { readonly code?: unknown }, wasReady: boolean) => void;
}

export class Thread {
  readonly #worker: Worker;
  /** When it is ready, or has ended. */
  readonly #started: Promise<void>;
  #isReady = false;
  #isOver = false;

  /** Undefined when the system has no thread to give. */
  static start(entry: URL, workerData: object, events: ThreadEvents): Thread | undefined {
    try {
      return new Thread(entry, workerData, events);
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ERR_WORKER_INIT_FAILED") return undefined;
      throw error;
    }
  }

  private constructor(entry: URL, workerData: object, { onMessage, onReady, onEnd }: ThreadEvents) {
    // Loaded by the first thread: most runs have none.
    const { Worker } = require("node:worker_threads") as typeof import("node:worker_threads");
    // Node hears nothing of descriptors that native code closes: it is to close none at the end of the thread.
    const worker = new Worker(entry, { workerData, trackUnmanagedFds: false });
    this.#worker = worker;
    this.#started = new Promise((resolve) => {
      worker.once("message", () => resolve());
      worker.once("exit", () => resolve());
    });
    worker.on("message", (message: unknown) => {
      if (this.#isReady) {
        onMessage(message);
        return;
      }
      if (message !== READY) {
        end(new Error("it is of another bcat"));
        void worker.terminate();
        return;
      }
      this.#isReady = true;
      onReady();
    });
    const end = (cause: Error) => {
      if (this.#isOver) return;
      this.#isOver = true;
      onEnd(cause, this.#isReady);
    };
    worker.on("error", end);
    worker.on("messageerror", end);
    worker.on("exit", () => end(new Error("it ended by itself")));
    this.idle();
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  /** It is waited for: the process does not end until {@link idle}. */
  hold(): void {
    this.#worker.ref();
  }

  /** Asks it for something, and holds it. */
  post(message: unknown): void {
    this.hold();
    this.#worker.postMessage(message);
  }

  /** Nothing is asked of it any more: the process need not wait for it. */
  idle(): void {
    this.#worker.unref();
  }

  /** Ends it, whatever it is doing, but for loading native code: koffi aborts the process then. */
  async end(): Promise<void> {
    this.#isOver = true;
    this.#worker.ref();
    await this.#started;
    await this.#worker.terminate();
  }
}
