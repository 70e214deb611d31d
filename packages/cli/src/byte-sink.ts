/** Where bytes go that are no text: to stdout as they are, or into a file that has its name only when it is whole. */
import { write } from "node:fs";
import { chmod, type FileHandle, open, realpath, rename, stat, unlink } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { BcatError, bytesOfText, describeSystemError, isBcatError, systemErrorCode, textOfBytes } from "@bcat/errors";
import type { Output } from "./output.js";
import { quoteText } from "./quote.js";

const STDOUT = 1;
/** Between two tries where whoever reads has made the pipe one that does not wait, ms. */
const FULL_WAIT_MS = 5;

/** Nobody reads stdout any more. */
export class ClosedPipe extends Error {
  constructor() {
    super("Cannot write to stdout: nobody reads it any more");
    this.name = "ClosedPipe";
  }
}

export interface ByteSink {
  /** What was written before {@link discard} is not taken away again. */
  readonly keepsPart: boolean;
  /** Takes all of `bytes`, which is the caller's again when the promise settles. @throws ClosedPipe, BcatError */
  write(bytes: Uint8Array): Promise<void>;
  /** What was written stands. @throws BcatError */
  finish(): Promise<void>;
  /** What was written is taken away again, where that is possible. Without effect after {@link finish}. */
  discard(): Promise<void>;
}

/** Beside `process.stdout`, which waits for whoever reads a pipe in the thread that should hear of signals. */
export function stdoutSink(output: Pick<Output, "beginBytes">, signal: AbortSignal): ByteSink {
  return {
    keepsPart: true,
    write: (bytes) => {
      output.beginBytes();
      return writeAll(bytes, (part) => unlessAborted(() => writeOnce(part), signal));
    },
    finish: async () => {},
    discard: async () => {},
  };
}

/** True when stdout is a terminal, which bytes would confuse. */
export function isTerminal(): boolean {
  return process.stdout.isTTY === true;
}

async function writeOnce(bytes: Uint8Array): Promise<number> {
  for (;;) {
    try {
      return await new Promise((resolve, reject) =>
        write(STDOUT, bytes, 0, bytes.length, null, (error, count) =>
          error === null ? resolve(count) : reject(error),
        ),
      );
    } catch (error) {
      const code = systemErrorCode(error);
      if (code === "EPIPE") throw new ClosedPipe();
      if (code !== "EAGAIN") throw stdoutFailed(error);
      await wait(FULL_WAIT_MS);
    }
  }
}

function stdoutFailed(error: unknown): BcatError {
  return new BcatError("target-failed", `Cannot write to stdout: ${describeSystemError(error)}`, { cause: error });
}

/** Does not begin when aborted. Whoever does not read may never do so: the call goes on then, and ends with the process. */
async function unlessAborted<Result>(begin: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
  signal.throwIfAborted();
  const work = begin();
  let abort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    work.catch(() => {});
    signal.removeEventListener("abort", abort);
  }
}

async function writeAll(bytes: Uint8Array, some: (bytes: Uint8Array) => Promise<number>): Promise<void> {
  for (let start = 0; start < bytes.length; ) start += await some(bytes.subarray(start));
}

export interface FileSinkOptions {
  /** Makes the temporary name one of its own. */
  readonly unique: string;
  readonly signal: AbortSignal;
  /** Throws for a folder, absolute, that no file is to be made in. */
  readonly checkFolder: (folder: Uint8Array) => void;
}

/**
 * Writes beside the file `path` and renames in the end: until then, and after a failure, what was there is there. What is no
 * ordinary file, such as a device or a fifo, is written to directly. `path` is text of any bytes (`textOfBytes`).
 */
export async function fileSink(path: string, options: FileSinkOptions): Promise<ByteSink> {
  const { unique, signal } = options;
  const failed = (error: unknown) =>
    new BcatError("target-failed", `Cannot write to "${quoteText(path)}": ${describeSystemError(error)}`, {
      cause: error,
    });
  try {
    const found = await existing(path);
    if (found !== undefined && !found.isFile) {
      // A fifo waits for somebody who reads.
      const file = await unlessAborted(() => open(systemPath(path), "w"), signal);
      return new OpenFile({ file, names: undefined, failed, signal });
    }
    if (found === undefined && /(^|\/)\.{0,2}$/.test(path))
      throw new BcatError(
        "target-failed",
        `Cannot write to "${path}": a file is to be made, whose name ends in no slash`,
      );
    const final = found?.path ?? path;
    options.checkFolder(bytesOfText(resolve(dirname(final))));
    const temporary = join(dirname(final), `.${basename(final).slice(0, 200)}.${unique}.tmp`);
    const file = await open(systemPath(temporary), "wx");
    return new OpenFile({ file, names: { temporary, final, mode: found?.mode }, failed, signal });
  } catch (error) {
    throw signal.aborted || isBcatError(error) ? error : failed(error);
  }
}

function systemPath(text: string): Buffer {
  return Buffer.from(bytesOfText(text));
}

/** Behind links; undefined when there is nothing. */
async function existing(path: string): Promise<{ path: string; isFile: boolean; mode: number } | undefined> {
  try {
    const found = await stat(systemPath(path));
    return {
      path: textOfBytes(await realpath(systemPath(path), "buffer")),
      isFile: found.isFile(),
      mode: found.mode & 0o7777,
    };
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

interface Names {
  readonly temporary: string;
  readonly final: string;
  /** Of the file that is replaced. */
  readonly mode: number | undefined;
}

interface OpenFileParts {
  readonly file: FileHandle;
  readonly names: Names | undefined;
  readonly failed: (error: unknown) => BcatError;
  readonly signal: AbortSignal;
}

class OpenFile implements ByteSink {
  readonly #file: FileHandle;
  readonly #names: Names | undefined;
  readonly #failed: (error: unknown) => BcatError;
  readonly #signal: AbortSignal;
  #isOpen = true;

  constructor({ file, names, failed, signal }: OpenFileParts) {
    this.#file = file;
    this.#names = names;
    this.#failed = failed;
    this.#signal = signal;
  }

  get keepsPart(): boolean {
    return this.#names === undefined;
  }

  async write(bytes: Uint8Array): Promise<void> {
    try {
      const write = async (part: Uint8Array) => (await this.#file.write(part)).bytesWritten;
      await writeAll(bytes, (part) => unlessAborted(() => write(part), this.#signal));
    } catch (error) {
      if (systemErrorCode(error) === "EPIPE") throw new ClosedPipe();
      throw this.#signal.aborted ? error : this.#failed(error);
    }
  }

  async finish(): Promise<void> {
    const names = this.#names;
    try {
      if (names !== undefined) await this.#file.sync();
      this.#isOpen = false;
      await this.#file.close();
      if (names === undefined) return;
      if (names.mode !== undefined) await chmod(systemPath(names.temporary), names.mode);
      await rename(systemPath(names.temporary), systemPath(names.final));
    } catch (error) {
      await this.#remove();
      throw this.#failed(error);
    }
  }

  async discard(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#remove();
    // It may wait for a write that never ends, and begins whatever the signal says.
    const closed = this.#file.close().catch(() => {});
    await unlessAborted(() => closed, this.#signal).catch(() => {});
  }

  async #remove(): Promise<void> {
    if (this.#names !== undefined) await unlink(systemPath(this.#names.temporary)).catch(() => {});
  }
}
