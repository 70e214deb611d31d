/** What all parts of one dump share: its counts, its reports, and the points at which others get to run. */
import {
  ArchivedError,
  BcatError,
  CorruptError,
  inSentence,
  isBcatError,
  type MessageCode,
  systemErrorCode,
} from "@bcat/errors";
import { describe } from "../faults.js";
import { showName } from "../tree/name.js";
import { type Node, NodeType } from "../tree/node.js";
import type { Totals } from "../tree-count.js";
import { Turns } from "../turns.js";
import type { DumpForm, DumpOptions, DumpSummary } from "./options.js";
import { failItem, type Span } from "./window.js";

export class DumpRun {
  readonly form: DumpForm;
  files = 0;
  directories = 0;
  symlinks = 0;
  others = 0;
  bytes = 0;
  errors = 0;
  skipped = 0;
  readonly #options: DumpOptions;
  #totals: Totals | undefined;
  /** What was written last, or is waited for first. */
  #current: Uint8Array | undefined;
  readonly #turns: Turns;
  /** What no archive of this form has, by the words for it: how many entries, and the first. */
  readonly #leftOut = new Map<string, { count: number; readonly first: Uint8Array }>();

  /** @param now milliseconds */
  constructor({ form, options, totals }: DumpRunParts, now: () => number) {
    this.form = form;
    this.#options = options;
    this.#totals = totals;
    this.#turns = new Turns(now);
  }

  /** What there is to dump in all, if that is known by now. */
  get totals(): Totals | undefined {
    return this.#totals;
  }

  /** So much there is to dump. */
  readonly expect = (totals: Totals): void => {
    this.#totals = totals;
    this.#showProgress();
  };

  /** The walk has come to an entry, which is at hand as long as nothing has been written. */
  reach(path: Uint8Array): void {
    if (this.#current !== undefined) return;
    this.#current = path;
    this.#showProgress();
  }

  summary(): DumpSummary {
    const { form, files, directories, symlinks, others, bytes, errors, skipped } = this;
    return { form, files, directories, symlinks, others, bytes, errors, skipped };
  }

  /** Part of an entry, or with `isLast` the end of it, has been written. */
  count({ item: { node, linkedTo }, chunkBytes, isLast }: Span): void {
    this.bytes += chunkBytes;
    if (!isLast) return;
    if (linkedTo === undefined && node.content?.kind === "inline") this.bytes += node.content.bytes.length;
    this.#countEntry(node);
  }

  #countEntry({ type }: Node): void {
    if (type === NodeType.file) this.files++;
    else if (type === NodeType.directory) this.directories++;
    else if (type === NodeType.symlink) this.symlinks++;
    else this.others++;
  }

  /**
   * True for a part of an entry that is to be written, which is counted then. One that cannot be read is left out and
   * reported as long as nothing of it is out.
   *
   * @throws BcatError when it is too late for that
   */
  takes(span: Span): boolean {
    const { item } = span;
    if (item.failure === undefined && item.linkedTo?.failure !== undefined) {
      const first = showName(item.linkedTo.path);
      failItem(item, new CorruptError(`it is another name of ${first}, which cannot be read`));
    }
    const { failure } = item;
    if (failure === undefined) {
      item.isBegun = true;
      this.#current = item.path;
      this.count(span);
      return true;
    }
    if (item.isBegun === true) {
      const what = this.form === "file" ? "what was written of it" : "the archive";
      const message = `Cannot dump ${showName(item.path)}: ${inSentence(failure.message)}; ${what} ends here and is incomplete`;
      throw new CorruptError(message, { cause: failure });
    }
    if (span.isFirst) this.report(item.path, failure);
    return false;
  }

  /** An entry that is not in the archive. */
  report(path: Uint8Array, error: unknown): void {
    this.errors++;
    const code = error instanceof ArchivedError ? "archived" : isBcatError(error) ? error.code : "not-dumped";
    const message = typeof error === "string" ? error : describe(error);
    this.#options.onWarning?.({ path, message, kind: "error", code, systemCode: systemErrorCode(error) });
  }

  /** An entry, or something of it, that no archive of this form has: said once for all, by {@link noteLeftOut}. */
  leaveOut(path: Uint8Array, reason: string): void {
    const known = this.#leftOut.get(reason);
    if (known === undefined) this.#leftOut.set(reason, { count: 1, first: path });
    else known.count++;
  }

  noteLeftOut(): void {
    for (const [reason, { count, first: path }] of this.#leftOut) {
      const message = count === 1 ? reason : `${reason} (${count} of them, this is the first)`;
      this.#options.onWarning?.({ path, message, kind: "skipped", code: "left-out", count });
    }
  }

  /** Something about the dump as a whole, which begins at `path`. */
  note(path: Uint8Array, message: string, code: MessageCode): void {
    this.#options.onWarning?.({ path, message, kind: "note", code });
  }

  /** Counts work, and now and then gives something to wait for, so that others get to run. It rejects when interrupted. */
  breathe(bytes: number): Promise<void> | undefined {
    const isDue = this.#turns.entry();
    return isDue || (bytes > 0 && this.#turns.bytes(bytes)) ? this.#turn() : undefined;
  }

  /** Tells what was done in all: the last that is told. */
  showEnd(): void {
    this.#totals ??= { files: this.files, bytes: this.bytes };
    this.#showProgress();
  }

  #showProgress(): void {
    this.#options.onProgress?.({
      filesDone: this.files,
      bytesDone: this.bytes,
      filesTotal: this.#totals?.files,
      bytesTotal: this.#totals?.bytes,
      errors: this.errors,
      currentPath: this.#current,
    });
  }

  /** @throws BcatError interrupted */
  async #turn(): Promise<void> {
    this.#showProgress();
    await this.#turns.take();
    if (this.#options.signal?.aborted === true)
      throw new BcatError("interrupted", "interrupted; what was dumped so far is incomplete");
  }
}

export interface DumpRunParts {
  readonly form: DumpForm;
  readonly options: DumpOptions;
  /** What there is to dump in all, if that is known. */
  readonly totals: Totals | undefined;
}
