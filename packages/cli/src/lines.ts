/** Lines of a stream, read one at a time: what comes after them stays in the pipe, or in memory up to a limit. */
import type { Readable } from "node:stream";
import { decodeUtf8 } from "./quote.js";
import { usageError } from "./usage.js";

/** Longer than any passphrase, bytes; of one line, and of what was read with it. */
const LENGTH_MAX = 65_536;
const NEWLINE = 0x0a;
const RETURN = 0x0d;

/** Whether the process waits for it: of pipes and sockets. */
interface Countable {
  ref?(): unknown;
  unref?(): unknown;
}

export class Lines {
  readonly #open: () => Readable & Countable;
  readonly #signal: AbortSignal;
  #stream: (Readable & Countable) | undefined;
  #parts: AsyncIterator<Buffer> | undefined;
  #read: Buffer = Buffer.alloc(0);
  #hasEnded = false;

  constructor(open: () => Readable & Countable, signal: AbortSignal) {
    this.#open = open;
    this.#signal = signal;
  }

  /** Without the line break; undefined at the end. @throws {BcatError} with code "usage" for what is no line of text */
  async next(): Promise<string | undefined> {
    while (!this.#hasEnded && !this.#read.includes(NEWLINE) && this.#read.length <= LENGTH_MAX) await this.#readMore();
    const newline = this.#read.indexOf(NEWLINE);
    const end = newline < 0 ? this.#read.length : newline;
    if (end > LENGTH_MAX)
      throw usageError(`Cannot use standard input: its first line is longer than ${LENGTH_MAX} bytes`);
    if (newline < 0 && end === 0) return undefined;
    const line = decodeUtf8(this.#read.subarray(0, this.#read[end - 1] === RETURN ? end - 1 : end));
    this.#read = this.#read.subarray(end + 1);
    if (line === undefined) throw usageError("Cannot use standard input: its first line is not text in UTF-8");
    return line;
  }

  /** Only while it is waited for does a pipe that stays open keep the process. */
  async #readMore(): Promise<void> {
    this.#signal.throwIfAborted();
    this.#stream ??= this.#open();
    this.#parts ??= this.#stream.iterator({ destroyOnReturn: false });
    const signal = this.#signal;
    let onAbort = () => {};
    const aborted = new Promise<never>((_resolve, reject) => {
      onAbort = () => reject(signal.reason);
    });
    signal.addEventListener("abort", onAbort, { once: true });
    this.#stream.ref?.();
    try {
      const { done, value } = await Promise.race([this.#parts.next(), aborted]);
      if (done === true) this.#hasEnded = true;
      else this.#read = Buffer.concat([this.#read, value]);
    } finally {
      this.#stream.unref?.();
      signal.removeEventListener("abort", onAbort);
    }
  }
}
