/** What all parts of one restore share: its counts, its reports, and the points at which others get to run. */
import { ArchivedError, BcatError, isBcatError, type MessageCode, systemErrorCode } from "@bcat/errors";
import { describe } from "../faults.js";
import { showName } from "../tree/name.js";
import { contentSize, type Node, NodeType } from "../tree/node.js";
import type { Totals } from "../tree-count.js";
import { Turns } from "../turns.js";
import { EntryInFolder, type Located } from "./entry-in-folder.js";
import type { Unset } from "./metadata.js";
import type { RestoreOptions, RestoreSummary } from "./options.js";

/** Errors that say nothing of the entry that met them: every further one would meet them too. */
const EXHAUSTED: ReadonlyMap<string, string> = new Map([
  ["ENOSPC", "no space left"],
  ["EDQUOT", "no space left within the quota"],
  ["EROFS", "the target is read-only"],
  ["EMFILE", "too many open files"],
  ["ENFILE", "too many open files"],
  ["ENOMEM", "out of memory"],
]);

/** The group of a node, as a key. */
export function groupOf(linkGroup: Uint8Array): string {
  return Buffer.from(linkGroup).toString("latin1");
}

export class RestoreRun {
  files = 0;
  directories = 0;
  symlinks = 0;
  /** Fifos and device nodes. */
  others = 0;
  bytes = 0;
  /** Files, symlinks and others that were there as the snapshot has them, and bytes that were there and not fetched. */
  unchanged = 0;
  bytesUnchanged = 0;
  /** Files that were read back and are right. */
  verified = 0;
  /** Entries that are not in the snapshot. */
  deleted = 0;
  /** Asked where something is on a file system that is read-only: it may be another one, mounted in the target. */
  isTargetReadOnly = (): boolean => true;
  /** Number of the snapshot of what is overwritten or deleted. */
  kept: number | undefined;
  errors = 0;
  /** Those of the errors that are of entries in archived packs. */
  archived = 0;
  skipped = 0;
  readonly #options: RestoreOptions;
  #totals: Totals | undefined;
  /** Those of the unchanged entries that are files. */
  #filesUnchanged = 0;
  /** What was written last, or is waited for first. */
  #current: Located | undefined;
  readonly #turns: Turns;
  /** Entries of the target may have been changed. */
  #hasBegun = false;
  /** What is not restored for a reason that entries share, by that reason: how many entries, and the first. */
  readonly #leftOut = new Map<string, { count: number; readonly first: Uint8Array }>();

  /** Groups of names of which a file was lost. */
  readonly #lost = new Set<string>();

  /**
   * @param totals what there is to restore in all, if that is known
   * @param now milliseconds
   */
  constructor(options: RestoreOptions, totals: Totals | undefined, now: () => number) {
    this.#options = options;
    this.#totals = totals;
    this.#turns = new Turns(now);
  }

  /** What there is to restore in all, if that is known by now. */
  get totals(): Totals | undefined {
    return this.#totals;
  }

  /** So much there is to restore. */
  readonly expect = (totals: Totals): void => {
    this.#totals = totals;
    this.#showProgress();
  };

  /** From now on entries of the target may change. */
  begin(): void {
    this.#hasBegun = true;
    this.#showProgress();
  }

  /** The entry is what is at hand. */
  at(entry: Located): void {
    this.#current = entry;
  }

  /** The walk has come to an entry, which is at hand as long as nothing has been restored. */
  reach(folder: Located, node: Node): void {
    if (this.#current !== undefined) return;
    this.#current = new EntryInFolder(folder, node, undefined);
    this.#showProgress();
  }

  /** Holes are to be made in all files. */
  get isSparse(): boolean {
    return this.#options.sparse === true;
  }

  summary(): RestoreSummary {
    return {
      filesRestored: this.files,
      directoriesRestored: this.directories,
      symlinksRestored: this.symlinks,
      othersRestored: this.others,
      bytesRestored: this.bytes,
      filesUnchanged: this.unchanged,
      bytesUnchanged: this.bytesUnchanged,
      deleted: this.deleted,
      filesVerified: this.verified,
      undoSnapshot: this.kept,
      errors: this.errors,
      archived: this.archived,
      skipped: this.skipped,
    };
  }

  /** An entry without content, or another name of a file whose content is counted already. */
  countBare({ type }: Node, path: Uint8Array, size = 0): void {
    this.#options.onEntry?.({ path, action: "restored", size });
    this.at({ path });
    if (type === NodeType.file) this.files++;
    else if (type === NodeType.symlink) this.symlinks++;
    else this.others++;
  }

  /** A file with its content. */
  countFile(file: { readonly path: Uint8Array; readonly node: Node }): void {
    // The path is put together only when it is asked for.
    this.#options.onEntry?.({ path: file.path, action: "restored", size: contentSize(file.node.content!) });
    this.at(file);
    this.files++;
  }

  /** An entry that is no folder, with the bytes of its content, if it has one of its own. */
  countUnchanged(entry: Located & { readonly node: Node }, bytes: number): void {
    this.#options.onEntry?.({ path: entry.path, action: "unchanged", size: bytes });
    this.at(entry);
    this.unchanged++;
    if (entry.node.type === NodeType.file) this.#filesUnchanged++;
    this.bytesUnchanged += bytes;
  }

  /** A file that could not be restored: no other name may become a link to what is there. */
  lose({ linkGroup }: Node): void {
    if (linkGroup !== undefined) this.#lost.add(groupOf(linkGroup));
  }

  /** Whether that was so of a file of the group; asked once. */
  takeLost(group: string): boolean {
    return this.#lost.delete(group);
  }

  /** An entry that was not restored, or not wholly. */
  report(path: Uint8Array, error: unknown, code = codeOf(error)): void {
    this.errors++;
    if (error instanceof ArchivedError) this.archived++;
    const message = typeof error === "string" ? error : describe(error);
    this.#options.onWarning?.({ path, message, kind: "error", code, systemCode: systemErrorCode(error) });
  }

  /** A folder that was not restored, nor any of the entries below it. */
  reportWhole(path: Uint8Array, error: unknown, below: number): void {
    this.errors += 1 + below;
    if (error instanceof ArchivedError) this.archived += 1 + below;
    const message = `${describe(error)}; what is in it was not restored either, ${below === 1 ? "one entry" : `${below} entries`}`;
    const code = codeOf(error) === "not-restored" ? "folder-not-made" : codeOf(error);
    this.#options.onWarning?.({
      path,
      message,
      kind: "error",
      code,
      systemCode: systemErrorCode(error),
      count: 1 + below,
    });
  }

  /** An entry that the snapshot has not, and that could not be deleted. */
  reportKept(path: Uint8Array, error: unknown): void {
    this.errors++;
    const message = `it could not be deleted: ${describe(error)}`;
    const systemCode = systemErrorCode(error);
    this.#options.onWarning?.({ path, message, kind: "error", code: "not-deleted", systemCode });
  }

  /** Something of an entry that nobody may set here: said once for all of them, by {@link noteLeftOut}. */
  forbid(path: Uint8Array, reason: string): void {
    const known = this.#leftOut.get(reason);
    if (known === undefined) this.#leftOut.set(reason, { count: 1, first: path });
    else known.count++;
  }

  /** An entry of a kind that cannot be restored here: said once for all of them, by {@link noteLeftOut}. */
  leaveOut(path: Uint8Array, reason: string): void {
    this.skipped++;
    this.forbid(path, reason);
  }

  noteLeftOut(): void {
    for (const [reason, { count, first: path }] of this.#leftOut) {
      const message = count === 1 ? reason : `${reason} (${count} of them, this is the first)`;
      this.#options.onWarning?.({ path, message, kind: "skipped", code: "left-out", count });
    }
  }

  /** Something about the restore as a whole, which begins at `path`. */
  note(path: Uint8Array, message: string, code: MessageCode = "restore-note"): void {
    this.#options.onWarning?.({ path, message, kind: "skipped", code });
  }

  /** What many entries did not get, once for each. */
  noteUnset(path: Uint8Array, { owners, setIds }: Unset): void {
    const note = (what: string, count: number, code: MessageCode) => {
      if (count === 0) return;
      const message = `${what} (of ${count === 1 ? "one entry" : `${count} entries`})`;
      this.#options.onWarning?.({ path, message, kind: "skipped", code, count });
    };
    note("owners were not restored, that takes privileges", owners, "owners-not-set");
    note("set-id bits were not restored, their owner is not who it was", setIds, "set-ids-not-set");
  }

  /** @throws BcatError target-failed for errors that every further entry would meet */
  refuseExhausted(path: Uint8Array, error: unknown): void {
    const code = systemErrorCode(error) ?? "";
    const found = EXHAUSTED.get(code);
    if (found === undefined || (code === "EROFS" && !this.isTargetReadOnly())) return;
    const why = `${found} (${code})`;
    const message = `Cannot restore ${showName(path)}: ${why}; the restore ended here and is incomplete`;
    throw new BcatError("target-failed", message, { cause: error });
  }

  /** Counts work, and now and then gives something to wait for, so that others get to run. It rejects when interrupted. */
  breathe(bytes: number): Promise<void> | undefined {
    const isDue = this.#turns.entry();
    return isDue || (bytes > 0 && this.#turns.bytes(bytes)) ? this.#turn() : undefined;
  }

  /** @throws BcatError interrupted */
  async #turn(): Promise<void> {
    this.#showProgress();
    await this.#turns.take();
    if (this.#options.signal?.aborted === true) throw this.interruption();
  }

  /** Tells what was done in all: the last that is told. */
  showEnd(): void {
    this.#totals ??= { files: this.#filesDone, bytes: this.#bytesDone };
    this.#showProgress();
  }

  get #filesDone(): number {
    return this.files + this.#filesUnchanged;
  }

  get #bytesDone(): number {
    return this.bytes + this.bytesUnchanged;
  }

  /** To read back takes about as long as to write; undefined where nobody knows how much there is. */
  #shareWithVerification(): number | undefined {
    if (this.#totals === undefined) return undefined;
    const { files, bytes } = this.#totals;
    const of = (done: number, total: number) => (total === 0 ? 1 : Math.min(1, done / total));
    return (of(this.#bytesDone, bytes) + of(this.verified, files)) / 2;
  }

  #showProgress(): void {
    this.#options.onProgress?.({
      filesDone: this.#filesDone,
      bytesDone: this.#bytesDone,
      filesTotal: this.#totals?.files,
      bytesTotal: this.#totals?.bytes,
      errors: this.errors,
      share: this.#options.verify === true ? this.#shareWithVerification() : undefined,
      currentPath: this.#current?.path,
      summary: this.summary(),
    });
  }

  /** In words that say what there is now, and what to do. */
  interruption(cause?: unknown): BcatError {
    const { goesOn } = this.#options;
    // Where something else goes on, other restores may have been part of the same before.
    const left =
      this.#hasBegun || goesOn !== undefined
        ? `what was restored so far is incomplete: ${goesOn ?? "--overwrite if-changed"} goes on`
        : "nothing was restored or deleted";
    return new BcatError("interrupted", `interrupted; ${left}`, { cause });
  }
}

/** What befell an entry, for programs: of damage and the like the kind of the error. */
function codeOf(error: unknown): MessageCode {
  if (error instanceof ArchivedError) return "archived";
  return isBcatError(error) ? error.code : "not-restored";
}
