/** A backup of what comes on standard input, or of what a command prints: loaded for one of those. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { addAbortSignal, type Readable } from "node:stream";
import { bytesOfText, describeSystemError, SourceError } from "@bcat/errors";
import type { StreamToStore } from "@bcat/snapshot";
import { quoteName } from "./quote.js";
import type { StreamSource } from "./stream-source.js";

/** The source, read once. A command is started by the first read. Disposing of it ends the command. */
export class OpenStream implements Disposable {
  readonly #source: StreamSource;
  readonly #signal: AbortSignal;
  #child: ChildProcess | undefined;
  #bytes: Readable | undefined;
  #exit: Promise<string | undefined> | undefined;

  constructor(source: StreamSource, signal: AbortSignal) {
    this.#source = source;
    this.#signal = signal;
  }

  /** As one file of the process's user. */
  toStore(): StreamToStore {
    return {
      path: bytesOfText(this.#source.path),
      bytes: this.#read(),
      ended: async () => {
        const fault = await this.#exit;
        if (fault !== undefined) throw new SourceError(fault);
      },
      uid: process.geteuid?.() ?? 0,
      gid: process.getegid?.() ?? 0,
    };
  }

  async *#read(): AsyncGenerator<Uint8Array> {
    try {
      // Read from at once: what a command prints that ends before it is listened to, Node drops.
      for await (const piece of this.#open()) yield piece as Uint8Array;
    } catch (error) {
      if (error instanceof Error && error.name === "AbortError") throw error;
      const message = `Cannot read the stream: ${describeSystemError(error)}; nothing was committed`;
      throw new SourceError(message, { cause: error });
    }
  }

  #open(): Readable {
    const { command } = this.#source;
    this.#bytes = addAbortSignal(this.#signal, command === undefined ? process.stdin : this.#start(...command));
    return this.#bytes;
  }

  #start(program: string, ...words: string[]): Readable {
    // Its errors are for the user to see.
    const child = spawn(program, words, { stdio: ["ignore", "pipe", "inherit"] });
    this.#child = child;
    this.#exit = endOf(child, program);
    // It may fail before anybody asks.
    this.#exit.catch(() => {});
    return child.stdout;
  }

  [Symbol.dispose](): void {
    this.#bytes?.destroy();
    if (this.#child?.exitCode === null && this.#child.signalCode === null) this.#child.kill();
  }
}

/** What to say of how a command ended; undefined when it ended well. */
async function endOf(child: ChildProcess, program: string): Promise<string | undefined> {
  const of = `Cannot back up what "${quoteName(Buffer.from(program))}" prints`;
  try {
    const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
    if (code === 0) return undefined;
    const how = code === null ? `it was ended by ${signal}` : `it ended with exit code ${code}`;
    return `${of}: ${how}; nothing was committed`;
  } catch (error) {
    return `${of}: ${describeSystemError(error)}; nothing was committed`;
  }
}
