/** A backup of what comes on standard input, or of what a command prints. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { posix } from "node:path";
import { addAbortSignal, type Readable } from "node:stream";
import { bytesOfText, describeSystemError, hasBytes, SourceError } from "@bcat/errors";
import type { StreamToStore } from "@bcat/snapshot";
import type { Flags, Options } from "./options.js";
import { quoteName } from "./quote.js";
import { usageError } from "./usage.js";

export const streamFlags: Flags = {
  stdin: { kind: "switch", description: "back up standard input, as one file" },
  "stdin-filename": {
    kind: "text",
    value: "PATH",
    bytes: true,
    description: "path of that file in the snapshot (default: stdin)",
  },
  "stdin-from-command": {
    kind: "switch",
    description: "back up what a command prints: write it after --; if it fails, there is no snapshot",
  },
};

export interface StreamSource {
  /** Absolute. */
  readonly path: string;
  /** Program and arguments; without one it is standard input. */
  readonly command: readonly [string, ...string[]] | undefined;
}

/** What the flags ask for; undefined for a backup of files. @throws BcatError usage */
export function streamSourceOf(options: Options, operands: readonly string[]): StreamSource | undefined {
  const isStdin = options.switch("stdin");
  const isCommand = options.switch("stdin-from-command");
  const name = options.text("stdin-filename");
  if (!isStdin && !isCommand) {
    if (name !== undefined) throw usageError("Cannot use --stdin-filename without --stdin or --stdin-from-command");
    return undefined;
  }
  if (isStdin && isCommand) throw usageError("Cannot use both --stdin and --stdin-from-command");
  const list = ["files-from", "files-from-verbatim", "files-from-raw"].find((flag) => options.list(flag).length > 0);
  if (list !== undefined) throw usageError(`Cannot back up both a stream and files: --${list} is given`);
  const path = streamPath(name ?? "stdin");
  if (isStdin) {
    if (operands.length > 0) throw usageError("Cannot back up both --stdin and files: make two backups of it");
    return { path, command: undefined };
  }
  const [program, ...others] = operands;
  if (program === undefined)
    throw usageError("Missing command: write it after --, as in bcat backup --stdin-from-command -- pg_dump shop");
  const lossy = operands.find(hasBytes);
  if (lossy !== undefined) throw usageError(`Cannot start a command with "${lossy}": it is not UTF-8`);
  return { path, command: [program, ...others] };
}

function streamPath(name: string): string {
  const parts = name.split("/");
  const last = parts.at(-1);
  const refuse = (found: string) => usageError(`Cannot use --stdin-filename "${name}": ${found}`);
  if (parts.includes("..")) throw refuse('give a path without ".."');
  if (last === "" || last === ".") throw refuse("it is the path of a folder: give that of a file");
  return posix.resolve("/", name);
}

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
