/** What all parts of one import share: its counts, its reports, and the points at which others get to run. */
import { BcatError } from "@bcat/errors";
import { type ErrorList, errorCountMax, type WriteSession } from "@bcat/repository";
import { joinPath } from "../path.js";
import { contentSize, type Node, NodeType } from "../tree/node.js";
import { Turns } from "../turns.js";
import type { ImportOptions } from "./options.js";

export class ImportRun {
  readonly counts = { files: 0, directories: 0, symlinks: 0, others: 0, bytes: 0 };
  /** Entries that are no part of a snapshot. */
  skipped = 0;
  /** Of entries read, not of those that are in the end. */
  #filesRead = 0;
  #current: Uint8Array | undefined;
  #bytesRead = 0;
  readonly #errors: { path: Uint8Array; message: string }[] = [];
  #errorCount = 0;
  readonly #options: ImportOptions;
  readonly #session: WriteSession;
  readonly #turns: Turns;

  constructor(options: ImportOptions, session: WriteSession) {
    this.#options = options;
    this.#session = session;
    this.#turns = new Turns(session.repository.environment.now);
  }

  get errors(): ErrorList {
    return { total: this.#errorCount, first: this.#errors };
  }

  /** @param size false for another name of a file that is counted */
  count({ type, content }: Node, isFirst: boolean): void {
    const { counts } = this;
    if (type === NodeType.file) {
      counts.files++;
      if (isFirst && content !== undefined) counts.bytes += contentSize(content);
    } else if (type === NodeType.directory) counts.directories++;
    else if (type === NodeType.symlink) counts.symlinks++;
    else counts.others++;
  }

  /** An entry that is not in the snapshot, or not wholly. @param path below the root */
  report(path: Uint8Array, message: string): void {
    this.#errorCount++;
    const absolute = this.#absolute(path);
    if (this.#errors.length < errorCountMax) this.#errors.push({ path: absolute, message });
    this.#options.onWarning?.({ path: absolute, message, kind: "error", code: "not-storable" });
  }

  /** An entry without which nothing is missing. */
  leaveOut(path: Uint8Array, message: string): void {
    this.skipped++;
    this.#options.onWarning?.({ path: this.#absolute(path), message, kind: "skipped", code: "left-out" });
  }

  /** The entry is being read. @param path below the root */
  at(path: Uint8Array): void {
    const isFirst = this.#current === undefined;
    this.#current = path;
    if (isFirst) this.showProgress();
  }

  /** A name of a file has been read. */
  readFile(): void {
    this.#filesRead++;
  }

  /** An entry has been read, and `bytes` of content. */
  async readEntry(): Promise<void> {
    if (this.#turns.entry()) await this.#turn();
    if (this.#session.isBusy) await this.#session.ready();
  }

  async readBytes(bytes: number): Promise<void> {
    this.#bytesRead += bytes;
    if (this.#session.isBusy) await this.#session.ready();
    if (this.#turns.bytes(bytes)) await this.#turn();
  }

  #absolute(path: Uint8Array): Uint8Array {
    const { root } = this.#options;
    return path.length === 0 ? root : joinPath(root, path[0] === 0x2f ? path.subarray(1) : path);
  }

  showProgress(): void {
    const current = this.#current;
    this.#options.onProgress?.({
      filesDone: this.#filesRead,
      bytesDone: this.#bytesRead,
      filesTotal: undefined,
      bytesTotal: undefined,
      errors: this.#errorCount,
      currentPath: current && this.#absolute(current),
    });
  }

  async #turn(): Promise<void> {
    this.showProgress();
    await this.#turns.take();
    if (this.#options.signal?.aborted === true)
      throw new BcatError("interrupted", "interrupted; nothing was committed");
  }
}
