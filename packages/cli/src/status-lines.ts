/**
 * Lines at the end of a terminal that change: how the work goes, and below it what is at hand. They are cut to the
 * terminal's width, and drawn again when that changes. In the background nothing is drawn: there is a prompt, or another
 * program.
 */
import { isInForeground } from "./foreground.js";
import { fitParts, type LinePart } from "./line-parts.js";
import { cutStart, takeStart, textWidth } from "./text-width.js";

export interface Status {
  /** In parts, where some matter more than others. */
  readonly line: string | readonly LinePart[];
  /** What is at hand, on a line of its own, of which the end is shown. */
  readonly current?: string | undefined;
}

/** The part of a terminal that is needed here. */
export interface Terminal {
  /** 0 where nobody knows. */
  readonly columns?: number;
  write(text: string): boolean;
  on(event: "resize", listener: () => void): unknown;
}

const columnsDefault = 80;
const clearLine = "\r\u001b[K";
const clearLineAbove = "\u001b[A\u001b[K";

export class StatusLines {
  readonly #terminal: Terminal;
  readonly #isInForeground: () => boolean;
  #status: Status | undefined;
  /** Columns of each line as it was drawn. */
  #drawn: readonly number[] = [];

  constructor(terminal: Terminal, isOurs = isInForeground) {
    this.#terminal = terminal;
    this.#isInForeground = isOurs;
    terminal.on("resize", () => {
      if (this.#status !== undefined) this.show(this.#status);
    });
  }

  /** Instead of what is shown. */
  show(status: Status): void {
    if (!this.#isInForeground()) {
      this.#forget();
      return;
    }
    // A character in the last column would have some terminals begin a new line.
    const columns = this.#columns - 1;
    const { line, current } = status;
    const text = typeof line === "string" ? line : fitParts(line, columns);
    const lines = [takeStart(text, columns), ...(current === undefined ? [] : [cutStart(current, columns)])];
    this.#terminal.write(`${this.#clearing()}${lines.join("\n")}`);
    this.#status = status;
    this.#drawn = lines.map(textWidth);
  }

  /** Leaves nothing behind. */
  clear(): void {
    if (this.#status === undefined) return;
    if (this.#isInForeground()) this.#terminal.write(this.#clearing());
    this.#forget();
  }

  /** Others have written since. */
  #forget(): void {
    this.#status = undefined;
    this.#drawn = [];
  }

  /** What is there now. */
  get shown(): Status | undefined {
    return this.#status;
  }

  get #columns(): number {
    return this.#terminal.columns || columnsDefault;
  }

  /** A terminal that became narrower has broken what was drawn into more rows. */
  #clearing(): string {
    const rows = this.#drawn.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / this.#columns)), 0);
    return clearLine + clearLineAbove.repeat(Math.max(0, rows - 1));
  }
}
