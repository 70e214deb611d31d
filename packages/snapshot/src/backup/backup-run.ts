/** What all parts of one backup share: its counts, its reports, and the points at which others get to run. */
import { BcatError, isBcatError, type SourceCode, SourceError } from "@bcat/errors";
import { type ErrorList, errorCountMax, type WriteSession } from "@bcat/repository";
import { Turns } from "../turns.js";
import type { Checkpoints } from "./checkpoints.js";
import type { BatchedFile } from "./contents/file-batch.js";
import { type Change, LinkedFiles } from "./linked-files.js";
import type { BackupOptions, Warning } from "./options.js";
import type { SourceTotals } from "./source-count.js";
import type { SourceDirectory } from "./source-directory.js";
import { isMissing, systemCodeOf } from "./source-fault.js";
import type { Visit } from "./visit.js";

/** Counts that grow while a backup runs; names as in the snapshot. */
export interface RunCounts {
  files: number;
  directories: number;
  symlinks: number;
  /** Fifos, sockets and device nodes. */
  others: number;
  bytes: number;
  filesNew: number;
  filesChanged: number;
  filesUnmodified: number;
  directoriesNew: number;
  directoriesChanged: number;
  directoriesUnmodified: number;
  /** Files that changed whenever they were read. */
  filesChangedWhileRead: number;
}

/** Of one kind. */
const NOTES_MAX = 10;
const NO_MORE = "; more of this kind are not named";

export class BackupRun {
  readonly counts: RunCounts = {
    files: 0,
    directories: 0,
    symlinks: 0,
    others: 0,
    bytes: 0,
    filesNew: 0,
    filesChanged: 0,
    filesUnmodified: 0,
    directoriesNew: 0,
    directoriesChanged: 0,
    directoriesUnmodified: 0,
    filesChangedWhileRead: 0,
  };
  readonly linked = new LinkedFiles();
  /** Entries left out on purpose. */
  skipped = 0;
  /** Path being read, made only when it is shown. */
  currentPath: (() => Uint8Array | undefined) | undefined;
  /** The folder that was looked at last: shown while no file is known to be read. */
  currentFolder: SourceDirectory | undefined;
  /** Bytes of files that were read to their end, also of those that were stored already. */
  bytesRead = 0;
  /** Made now and then while others run; undefined for none. */
  checkpoints: Checkpoints | undefined;
  readonly #options: BackupOptions;
  /** Undefined as long as the source is only looked at. */
  #session: WriteSession | undefined;
  #totals: SourceTotals | undefined;
  /** What there is to warn of, as long as nobody knows whether there will be a backup. */
  #held: Warning[] | undefined;
  readonly #errors: { path: Uint8Array; message: string }[] = [];
  readonly #notes = new Map<SourceCode, number>();
  readonly #turns: Turns;
  #errorCount = 0;
  #bytesReading = 0;
  #isUninterrupted = false;

  constructor(parts: {
    options: BackupOptions;
    /** Milliseconds. */
    now: () => number;
    /** It stores nothing: what it meets is for another one to tell. */
    isSilent?: boolean;
  }) {
    this.#options = parts.isSilent === true ? silent(parts.options) : parts.options;
    this.#held = parts.isSilent === true ? undefined : [];
    this.#turns = new Turns(parts.now);
  }

  /** From now on there is a session to store into, and what was found out before is told. */
  begin(session: WriteSession, totals: SourceTotals | undefined): void {
    this.#session = session;
    this.#totals = totals;
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const warning of held) this.#warn(warning);
  }

  /** What there will probably be to do, when that is found out later. */
  expect(totals: SourceTotals): void {
    this.#totals = totals;
  }

  /** All is stored: there was as much to do as was done. */
  showEnd(): void {
    this.#totals = this.counts;
    this.currentPath = undefined;
    this.currentFolder = undefined;
    this.#showProgress();
  }

  get errors(): ErrorList {
    return { total: this.#errorCount, first: this.#errors };
  }

  /** Counts a name, and the `size` bytes of its file, unless they were counted under another name. */
  countFile(change: Change, { visit, row }: BatchedFile, size = visit.table.columns.sizes[row]!): void {
    const isLinked = visit.table.columns.links[row]! > 1;
    this.counts.files++;
    if (!isLinked || this.linked.counts(visit.table, row)) this.counts.bytes += size;
    this.#bytesReading = 0;
    this.#options.onFile?.({ path: visit.pathOf(visit.table.name(row)), change, size });
    if (change === "new") this.counts.filesNew++;
    else if (change === "changed") this.counts.filesChanged++;
    else this.counts.filesUnmodified++;
  }

  countDirectory(change: Change): void {
    this.#turns.entry();
    this.counts.directories++;
    if (change === "new") this.counts.directoriesNew++;
    else if (change === "changed") this.counts.directoriesChanged++;
    else this.counts.directoriesUnmodified++;
  }

  /** The directory of a root, counted as unmodified, has changed itself. */
  recountRoot(): void {
    this.counts.directoriesUnmodified--;
    this.counts.directoriesChanged++;
  }

  /** Leaves out an entry of a table that cannot be read after all. */
  dropRow(visit: Visit, row: number, fault: SourceError): void {
    visit.drop(row);
    if (visit.table.columns.links[row]! > 1) this.linked.fail({ visit, row });
    this.reportEntry(visit, visit.table.name(row), fault);
  }

  /** An entry that cannot be stored. Whether one that could not be found is gone, is seen when its folder is built. */
  reportEntry(visit: Visit, name: Uint8Array, fault: SourceError): void {
    if (isMissing(fault)) visit.missing.push(name.slice());
    else this.reportUnreadable(visit.pathOf(name), fault);
  }

  /** An entry that its folder lists and nobody can find. */
  reportMissing(path: Uint8Array): void {
    this.reportUnreadable(
      path,
      new SourceError("it is listed, but there is no such file or directory (ENOENT)", {
        messageCode: "listed-not-found",
      }),
    );
  }

  /** An entry that cannot be stored, or not as it is. */
  reportUnreadable(path: Uint8Array, fault: SourceError): void {
    this.#errorCount++;
    const { message, messageCode, cause } = fault;
    if (this.#errors.length < errorCountMax) this.#errors.push({ path, message });
    this.#warn({ path, message, kind: "error", code: messageCode, systemCode: systemCodeOf(cause) });
  }

  /** A file that changed whenever it was read: it is stored and marked. */
  reportChanged(path: Uint8Array): void {
    this.counts.filesChangedWhileRead++;
    const message = "it changed while it was read; what was read last is stored, and marked";
    this.#warn({ path, message, kind: "changed", code: "changed-while-read" });
  }

  reportSkipped(path: Uint8Array, message: string, code: SourceCode): void {
    this.skipped++;
    this.#warn({ path, message, kind: "skipped", code });
  }

  /** Something to know of an entry that is no fault; with each code only so many are told. */
  note(path: Uint8Array, message: string, code: SourceCode): void {
    const count = (this.#notes.get(code) ?? 0) + 1;
    this.#notes.set(code, count);
    const end = count === NOTES_MAX ? NO_MORE : "";
    if (count <= NOTES_MAX) this.#warn({ path, message: `${message}${end}`, kind: "note", code });
  }

  /** Something of every entry that is not stored here; said once, at `path`. */
  noteLoss(path: Uint8Array, message: string, code: SourceCode): void {
    this.#warn({ path, message, kind: "skipped", code });
  }

  #warn(warning: Warning): void {
    if (this.#held === undefined) this.#options.onWarning?.(warning);
    else this.#held.push(warning);
  }

  /** Counts an entry that was listed or stored; true when others have waited long enough and get to {@link breathe}. */
  look(): boolean {
    return this.#turns.entry();
  }

  /**
   * Lets others run when enough was done: writes to the storage, signals, the progress line. `stored` bytes are done,
   * `reading` bytes of a file that is not.
   *
   * @throws BcatError interrupted; what a write to the storage failed with
   */
  async breathe(stored: number, reading = 0): Promise<void> {
    this.#bytesReading += reading;
    this.bytesRead += stored;
    if (this.#session?.isBusy === true) await this.#session.ready();
    if (!this.#turns.bytes(stored + reading)) return;
    this.#showProgress();
    await this.#turns.take();
    this.#session?.touch();
    const { signal, stop } = this.#options;
    if (signal?.aborted === true) throw interrupted();
    if (this.#isUninterrupted) return;
    if (stop?.aborted === true) throw interrupted();
    if (this.checkpoints?.isDue === true) await this.checkpoints.take();
  }

  /** Runs `action`, in which neither a checkpoint is made nor {@link BackupOptions.stop} heard. */
  async uninterrupted(action: () => Promise<void>): Promise<void> {
    const before = this.#isUninterrupted;
    this.#isUninterrupted = true;
    try {
      await action();
    } finally {
      this.#isUninterrupted = before;
    }
  }

  /** The user has asked for an end in order, and not for one at once. */
  get isStopping(): boolean {
    const { signal, stop } = this.#options;
    return stop?.aborted === true && signal?.aborted !== true;
  }

  /** True for the end that {@link BackupOptions.stop} has asked for: the storage is still to be had. */
  isStop(error: unknown): boolean {
    return this.isStopping && isBcatError(error, "interrupted");
  }

  #showProgress(): void {
    if (this.#session === undefined) return;
    this.#options.onProgress?.({
      filesDone: this.counts.files,
      bytesDone: this.counts.bytes + this.#bytesReading,
      filesTotal: this.#totals?.files,
      bytesTotal: this.#totals?.bytes,
      errors: this.#errorCount,
      currentPath: this.currentPath?.() ?? this.currentFolder?.absolutePath,
      dataAdded: this.#session.added.storedBytes,
    });
  }
}

function silent({ signal }: BackupOptions): BackupOptions {
  return signal === undefined ? {} : { signal };
}

function interrupted(): BcatError {
  return new BcatError("interrupted", "interrupted; nothing was committed");
}
