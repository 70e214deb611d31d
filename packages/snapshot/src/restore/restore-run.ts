/** What all parts of one restore share: its counts, its reports, and the points at which others get to run. */
import { BcatError, systemErrorCode } from "@bcat/errors";
import { describe } from "../faults.js";
import { showName } from "../tree/name.js";
import { Turns } from "../turns.js";
import type { RestoreOptions, RestoreSummary } from "./options.js";

/** Errors that say nothing of the entry that met them: every further one would meet them too. */
const EXHAUSTED: ReadonlyMap<string, string> = new Map([
  ["ENOSPC", "no space left"],
  ["EDQUOT", "no space left"],
  ["EROFS", "the target is read-only"],
  ["EMFILE", "too many open files"],
  ["ENFILE", "too many open files"],
  ["ENOMEM", "out of memory"],
]);

export class RestoreRun {
  files = 0;
  directories = 0;
  symlinks = 0;
  bytes = 0;
  errors = 0;
  skipped = 0;
  readonly #options: RestoreOptions;
  /** What there is to restore in all, if that is known. */
  readonly totals: { readonly files: number; readonly bytes: number } | undefined;
  readonly #turns: Turns;

  /** @param now milliseconds */
  constructor(options: RestoreOptions, totals: RestoreRun["totals"], now: () => number) {
    this.#options = options;
    this.totals = totals;
    this.#turns = new Turns(now);
  }

  summary(): RestoreSummary {
    return {
      filesRestored: this.files,
      directoriesRestored: this.directories,
      symlinksRestored: this.symlinks,
      bytesRestored: this.bytes,
      errors: this.errors,
      skipped: this.skipped,
    };
  }

  /** An entry that was not restored, or not wholly. */
  report(path: Uint8Array, error: unknown): void {
    this.errors++;
    const message = typeof error === "string" ? error : describe(error);
    this.#options.onWarning?.({ path, message, kind: "error" });
  }

  reportSkipped(path: Uint8Array, message: string): void {
    this.skipped++;
    this.note(path, message);
  }

  /** Something about the restore as a whole, which begins at `path`. */
  note(path: Uint8Array, message: string): void {
    this.#options.onWarning?.({ path, message, kind: "skipped" });
  }

  /** @throws BcatError target-failed for errors that every further entry would meet */
  refuseExhausted(path: Uint8Array, error: unknown): void {
    const found = EXHAUSTED.get(systemErrorCode(error) ?? "");
    if (found === undefined) return;
    const why = `${found} (${systemErrorCode(error)})`;
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
    this.#options.onProgress?.({
      filesDone: this.files,
      bytesDone: this.bytes,
      filesTotal: this.totals?.files,
      bytesTotal: this.totals?.bytes,
      errors: this.errors,
    });
    await this.#turns.take();
    if (this.#options.signal?.aborted === true)
      throw new BcatError("interrupted", "interrupted; what was restored so far is incomplete");
  }
}
