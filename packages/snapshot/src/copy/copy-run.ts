/** What all parts of the copy of one snapshot share: its counts, its reports, and the points at which others get to run. */
import { BcatError, inSentence, isBcatError } from "@bcat/errors";
import { errorCountMax, type Repository, type SnapshotError, type WriteSession } from "@bcat/repository";
import type { Located } from "../restore/entry-in-folder.js";
import { contentSize, type Node, NodeType } from "../tree/node.js";
import { Turns } from "../turns.js";
import type { CopyWork } from "./copy-work.js";
import type { CopyOptions, CopyProgress } from "./options.js";

export interface CopyRunParts {
  readonly source: Repository;
  readonly session: WriteSession;
  readonly options: CopyOptions;
  /** What is known before it begins. */
  readonly progress: Pick<CopyProgress, "snapshot" | "snapshotsDone" | "snapshotsTotal" | "filesTotal" | "bytesTotal">;
  /** That of all snapshots. */
  readonly work: CopyWork;
}

export class CopyRun {
  /** Bytes of contents that were read. */
  bytesRead = 0;
  errorCount = 0;
  readonly errors: SnapshotError[] = [];
  /** Files that could not be copied, and their bytes. */
  readonly left = { files: 0, bytes: 0 };
  /** Entries that the copy which is to be replaced lacks, and this one has; and what that one has, and this one lacks. */
  readonly replacing = { gained: 0, lost: 0 };
  #filesDone = 0;
  #current: Located | undefined;
  readonly #parts: CopyRunParts;
  readonly #turns: Turns;

  constructor(parts: CopyRunParts) {
    this.#parts = parts;
    this.#turns = new Turns(parts.session.repository.environment.now);
  }

  /**
   * What is read of the source, up to what is damaged or cannot be had there: that is told to `onFault`, and ends it. What
   * becomes of the items is none of its business, nor are errors of the target.
   */
  async *untilFault<Item>(items: AsyncIterable<Item>, onFault: (fault: BcatError) => void): AsyncGenerator<Item> {
    const iterator = items[Symbol.asyncIterator]();
    for (;;) {
      let next: IteratorResult<Item>;
      try {
        next = await iterator.next();
      } catch (error) {
        if (!(error instanceof BcatError) || !(await this.#concernsEntry(error))) throw error;
        onFault(error);
        return;
      }
      if (next.done === true) return;
      yield next.value;
    }
  }

  /** An entry that cannot be copied, or not wholly. */
  report(path: Uint8Array, error: Error): void {
    this.errorCount++;
    const message = inSentence(error.message);
    if (this.errors.length < errorCountMax) this.errors.push({ path, message });
    this.#parts.options.onWarning?.({ path, message, kind: "error", code: "damaged" });
  }

  /** An entry is not in the copy, for its content is damaged. */
  leaveOut({ type, content }: Node): void {
    if (type !== NodeType.file || content === undefined) return;
    this.left.files++;
    this.left.bytes += contentSize(content);
  }

  /** The entry is what is at hand. */
  at(entry: Located): void {
    const isFirst = this.#current === undefined;
    this.#current = entry;
    if (isFirst) this.showProgress();
  }

  /** An entry has been dealt with. A promise is returned only when there is something to wait for. */
  entry(isFile: boolean): Promise<void> | undefined {
    if (isFile) this.#filesDone++;
    return this.#turns.entry() || this.#parts.session.isBusy ? this.#turn() : undefined;
  }

  /** So many bytes have been read and stored. */
  async bytes(count: number): Promise<void> {
    this.bytesRead += count;
    if (this.#turns.bytes(count) || this.#parts.session.isBusy) await this.#turn();
  }

  /** True for an error that is one object's of the source: damage, or what a storage that answers cannot give. */
  async #concernsEntry(error: BcatError): Promise<boolean> {
    if (isBcatError(error, "storage-failed")) return await this.#parts.source.isOfObject(error);
    return isBcatError(error, "corrupt");
  }

  showProgress(): void {
    const { options, progress, work } = this.#parts;
    const [bytes, files] = [this.bytesRead, this.#filesDone];
    options.onProgress?.({
      ...progress,
      filesDone: files,
      bytesDone: bytes,
      errors: this.errorCount,
      share: work.share(progress.snapshot, { bytes, files }),
      currentPath: this.#current?.path,
    });
  }

  async #turn(): Promise<void> {
    const { session, options } = this.#parts;
    if (session.isBusy) await session.ready();
    session.touch();
    this.showProgress();
    await this.#turns.take();
    if (options.signal?.aborted === true) throw new BcatError("interrupted", "interrupted");
  }
}
