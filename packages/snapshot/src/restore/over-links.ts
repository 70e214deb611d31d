/** Names of a file that is restored, where other entries have them: a link is made beside, and takes their place. */
import { systemErrorCode } from "@bcat/errors";
import { type Directory, isOneFile, type Posix, Stat } from "@bcat/posix";
import type { EntryToPlace, ExistingEntries } from "./existing-entries.js";
import type { Replacer } from "./replacer.js";
import type { RestoreRun } from "./restore-run.js";
import type { TargetDirectories } from "./target-directory.js";

export interface OverLinksParts {
  readonly posix: Posix;
  readonly run: RestoreRun;
  readonly directories: TargetDirectories;
  readonly existing: ExistingEntries;
  readonly replacer: Replacer;
}

export class OverLinks {
  readonly #parts: OverLinksParts;
  readonly #made = new Stat();
  readonly #old = new Stat();

  constructor(parts: OverLinksParts) {
    this.#parts = parts;
  }

  /** `left`: nothing was done, for it is such a link already, or for the sake of what is there. @throws what the system says */
  link(entry: EntryToPlace, made: { directory: Directory; name: Uint8Array }): "linked" | "left" {
    const { posix, run, directories, existing, replacer } = this.#parts;
    const { directory, node } = entry;
    const into = directories.handle(directory);
    posix.statAt(made.directory, made.name, this.#made);
    const old = this.#look(into, node.name);
    if (old !== undefined && isOneFile(old, this.#made)) {
      run.countUnchanged(entry, 0);
      return "left";
    }
    const room = existing.makeRoom(entry, into, old);
    if (room === "left" || room === "merge") return "left";
    if (room === "free") {
      posix.makeLinkAt(made.directory, made.name, into, node.name);
      return "linked";
    }
    const temporary = replacer.prepare(directory, node.name);
    posix.makeLinkAt(made.directory, made.name, directories.handle(directory), temporary);
    replacer.publish(directory, temporary, node.name);
    return "linked";
  }

  #look(directory: Directory, name: Uint8Array): Stat | undefined {
    try {
      this.#parts.posix.statAt(directory, name, this.#old);
      return this.#old;
    } catch (error) {
      if (systemErrorCode(error) === "ENOENT") return undefined;
      throw error;
    }
  }
}
