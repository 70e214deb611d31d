/** A question on the terminal whose answer is not shown. */
import type { ReadStream } from "node:tty";
import { BcatError } from "@bcat/errors";
import type { Ask } from "./passphrase-input.js";
import { decodeUtf8 } from "./quote.js";
import { usageError } from "./usage.js";

export interface PromptOptions {
  /** The terminal, from a question to its answer. */
  readonly open: () => ReadStream;
  /** What is not closed would be read on. */
  readonly close: (input: ReadStream) => void;
  /** Where the question goes: not to stdout, which may be a file. */
  readonly write: (text: string) => void;
  /** Called for Ctrl-C, which a terminal that does not echo no longer turns into a signal. */
  readonly interrupt: () => void;
  readonly signal: AbortSignal;
}

/** A way to ask on a terminal. */
export function createPrompt(options: PromptOptions): Ask {
  const typed = { ahead: new Uint8Array() };
  return async (question) => {
    options.signal.throwIfAborted();
    // First the terminal, then the question: what is typed in between would be echoed.
    const input = options.open();
    input.setRawMode(true);
    try {
      options.write(question);
      return await readAnswer(input, options, typed);
    } finally {
      input.setRawMode(false);
      options.write("\n");
      options.close(input);
    }
  };
}

/** Keys that came with the answer before, as when both lines of a new passphrase are pasted at once. */
interface Typed {
  ahead: Uint8Array;
}

function readAnswer(input: ReadStream, { interrupt, signal }: PromptOptions, typed: Typed): Promise<string> {
  const { promise, resolve, reject } = withResolvers<string>();
  const answer = new HiddenAnswer();
  const onAbort = () => reject(signal.reason);
  const onEnd = () => reject(new BcatError("wrong-passphrase", "Cannot ask for the passphrase: the terminal closed"));
  const onData = (data: Uint8Array) => {
    const end = answer.add(data);
    if (end === "interrupt") interrupt();
    else if (end === "closed") onEnd();
    else if (end === "done") {
      typed.ahead = answer.rest;
      finish(answer, resolve, reject);
    }
  };
  input.on("data", onData).on("end", onEnd).resume();
  signal.addEventListener("abort", onAbort, { once: true });
  onData(typed.ahead);
  return promise.finally(() => {
    input.off("data", onData).off("end", onEnd);
    signal.removeEventListener("abort", onAbort);
  });
}

function finish(answer: HiddenAnswer, resolve: (text: string) => void, reject: (error: Error) => void): void {
  const text = answer.text();
  if (text === undefined) reject(usageError("Cannot use the passphrase: what was typed is not UTF-8"));
  else resolve(text);
}

const control = {
  interrupt: 0x03,
  end: 0x04,
  backspace: 0x08,
  lineFeed: 0x0a,
  return: 0x0d,
  clear: 0x15,
  delete: 0x7f,
};

/** The keys of an answer, edited as a terminal would: backspace, Ctrl-U, Enter, Ctrl-C, and Ctrl-D at the start. */
export class HiddenAnswer {
  /** Keys after the end of the line. */
  rest: Uint8Array = new Uint8Array();

  #bytes: number[] = [];

  add(data: Uint8Array): "more" | "done" | "interrupt" | "closed" {
    for (const [index, byte] of data.entries()) {
      this.rest = data.subarray(index + 1);
      if (byte === control.return || byte === control.lineFeed) return "done";
      if (byte === control.interrupt) return "interrupt";
      if (byte === control.end) return this.#bytes.length === 0 ? "closed" : "done";
      if (byte === control.clear) this.#bytes = [];
      else if (byte === control.backspace || byte === control.delete) this.#removeCharacter();
      else this.#bytes.push(byte);
    }
    return "more";
  }

  /** Undefined when it is not UTF-8. */
  text(): string | undefined {
    return decodeUtf8(Uint8Array.from(this.#bytes));
  }

  #removeCharacter(): void {
    let byte = this.#bytes.pop();
    while (byte !== undefined && (byte & 0xc0) === 0x80) byte = this.#bytes.pop();
  }
}

/** As Promise.withResolvers of later Node. */
function withResolvers<Value>() {
  let resolve!: (value: Value) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<Value>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
