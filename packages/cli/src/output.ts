/**
 * Where text goes: results to stdout, errors and progress to stderr. The lines of progress on a terminal stand on
 * stderr below everything else, and are taken away before another line is written.
 */
import { type Status, StatusLines } from "./status-lines.js";

/** The part of a stream of the process that is needed here. */
export interface TextStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly writableNeedDrain?: boolean;
  write(text: string, written?: () => void): boolean;
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "resize", listener: () => void): unknown;
  once(event: "drain", listener: () => void): unknown;
}

export interface OutputOptions {
  readonly stdout: TextStream;
  readonly stderr: TextStream;
  readonly json: boolean;
  /** Colours on a terminal. */
  readonly color: boolean;
}

const red = "\u001b[31m";
const plain = "\u001b[0m";

export class Output {
  json: boolean;
  quiet = false;
  /** Some of the result is written, so that a pager may have the terminal now. */
  hasBegun = false;
  /** Nobody reads stdout any more: what is printed is dropped. */
  closed = false;
  /** Why stdout could not be written, other than that nobody reads it. */
  failure: Error | undefined;

  readonly #stdout: TextStream;
  readonly #stderr: TextStream;
  readonly #color: boolean;
  #status: StatusLines | undefined;
  #wake: (() => void) | undefined;

  constructor({ stdout, stderr, json, color }: OutputOptions) {
    this.json = json;
    this.#stdout = stdout;
    this.#stderr = stderr;
    this.#color = color && stderr.isTTY === true;
    this.#status = stderr.isTTY === true ? new StatusLines(stderr) : undefined;
    stdout.on("error", (error: Error) => this.#stop(error));
    // With stderr gone there is nobody left to tell.
    stderr.on("error", () => {});
  }

  /** True when progress may be shown as lines that change. */
  get terminal(): boolean {
    return this.#status !== undefined;
  }

  /** Of the terminal that results go to; undefined where they go elsewhere, or nobody knows. */
  get columns(): number | undefined {
    return this.#stdout.isTTY === true ? this.#stdout.columns || undefined : undefined;
  }

  /** Bytes of the result follow that are no lines: where they go to a terminal, nothing is drawn among them. */
  beginBytes(): void {
    if (!this.hasBegun) this.#begin();
    if (this.#stdout.isTTY === true) this.#status = undefined;
  }

  /** A line of the result. */
  print(line: string): void {
    if (this.closed) return;
    this.#begin();
    this.#stdout.write(`${line}\n`);
  }

  /** Waits until stdout takes more, for results of any length. */
  async drain(): Promise<void> {
    if (this.closed || this.#stdout.writableNeedDrain !== true) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      this.#stdout.once("drain", resolve);
    });
  }

  /** Waits until everything printed is written, or has failed to be. */
  async flush(): Promise<void> {
    // The stream tells of its error after it has called back.
    await new Promise<void>((resolve) => this.#stdout.write("", () => setImmediate(resolve)));
  }

  /** A message line of `--json` on stdout. */
  message(message: object): void {
    this.print(JSON.stringify(message));
  }

  /** A line beside the result, on stderr. */
  note(line: string): void {
    this.status(undefined);
    this.#stderr.write(`${line}\n`);
  }

  /** `bcat: …` on stderr, in red where colours are. */
  complain(line: string): void {
    this.note(this.#color ? `${red}bcat:${plain} ${line}` : `bcat: ${line}`);
  }

  /** Replaces the lines of progress, on a terminal only; undefined takes them away. */
  status(status: Status | undefined): void {
    if (status === undefined) this.#status?.clear();
    else this.#status?.show(status);
  }

  /** The lines of progress that stand on the terminal now. */
  get shown(): Status | undefined {
    return this.#status?.shown;
  }

  #begin(): void {
    this.hasBegun = true;
    this.status(undefined);
  }

  #stop(error: Error): void {
    this.closed = true;
    if (!("code" in error && error.code === "EPIPE")) this.failure = error;
    this.#wake?.();
  }
}
