/** Which errors of a restore are one entry's, which is reported, and which end the restore. */
import { isBcatError, systemErrorCode } from "@bcat/errors";
import type { Repository } from "@bcat/repository";
import type { RestoreRun } from "./restore-run.js";

export class EntryFaults {
  readonly #repository: Repository;
  readonly #run: RestoreRun;
  /** What ended the restore, which is no error of the entry that was being restored. */
  #end: unknown;

  constructor(parts: { readonly repository: Repository; readonly run: RestoreRun }) {
    this.#repository = parts.repository;
    this.#run = parts.run;
  }

  /** Waits for what no single entry is at fault for, should it fail. */
  async orEnd(writing: Promise<void>): Promise<void> {
    try {
      await writing;
    } catch (error) {
      this.#end = error;
      throw error;
    }
  }

  /**
   * Reports an error of one entry and goes on; others end the restore.
   *
   * @param countBelow entries that it costs as well
   */
  async tolerate(path: Uint8Array, error: unknown, countBelow = async () => 0): Promise<void> {
    if (error === this.#end) throw error;
    this.#run.refuseExhausted(path, error);
    if (!(await this.concernsEntry(error))) throw error;
    const below = await countBelow();
    if (below === 0) this.#run.report(path, error);
    else this.#run.reportWhole(path, error, below);
  }

  /** Damage, an error of the system in the target, or an object that a storage which answers cannot give. */
  async concernsEntry(error: unknown): Promise<boolean> {
    if (error === this.#end) return false;
    if (isBcatError(error, "storage-failed")) return await this.#repository.isOfObject(error);
    return isBcatError(error) ? error.code === "corrupt" : systemErrorCode(error) !== undefined;
  }
}
