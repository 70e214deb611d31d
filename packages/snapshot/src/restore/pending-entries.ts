/**
 * What of a restore is on its way: contents that are not written, names that are to be links once they are, and entries to
 * be finished when nothing more is written into them.
 */

import type { AttributeSetter } from "./attributes.js";
import type { Contents } from "./contents.js";
import { createContents, type RestoreParts } from "./create-contents.js";
import type { EntryFaults } from "./entry-faults.js";
import { FinishedEntries, type FinishedEntry, isFinishedLater } from "./finished-entries.js";
import type { FlagSetter } from "./inode-flags.js";
import { LinkedNames, type NameToMake } from "./linked-names.js";
import type { MetadataSetter } from "./metadata.js";
import type { OverLinks } from "./over-links.js";
import type { TargetDirectories } from "./target-directory.js";

export interface PendingEntriesParts extends RestoreParts {
  readonly directories: TargetDirectories;
  readonly metadata: MetadataSetter;
  readonly faults: EntryFaults;
  readonly attributes: AttributeSetter;
  readonly flags: FlagSetter;
  readonly overLinks: OverLinks | undefined;
  /** Restores an entry that cannot be a link. */
  readonly restore: (name: NameToMake) => Promise<void>;
}

export class PendingEntries {
  readonly contents: Contents;
  readonly linked: LinkedNames;
  readonly #parts: PendingEntriesParts;
  readonly #finished: FinishedEntries;

  constructor(parts: PendingEntriesParts) {
    const { repository, posix, run, directories, metadata, attributes, flags, faults, overLinks } = parts;
    this.#parts = parts;
    const target = { directories, metadata, flags };
    this.contents = createContents(parts, target);
    this.linked = new LinkedNames({ ...target, posix, run, hash: repository.nameHash, overLinks });
    const tolerate: EntryFaults["tolerate"] = (path, error) => faults.tolerate(path, error);
    this.#finished = new FinishedEntries({ ...target, run, attributes, tolerate });
  }

  /** Call {@link flush} before the next entry. */
  get isFull(): boolean {
    return this.contents.isFull || this.#finished.isFull || this.linked.isFull;
  }

  /** All of it has been begun. Entries of a directory before it. */
  finished(entry: FinishedEntry): void {
    this.#finished.add(entry);
  }

  /** Begins to write what is waiting; the directories that nothing is waiting for then are finished after it. */
  async flush(): Promise<void> {
    while (!this.linked.isEmpty) await this.#linkWaiting();
    await this.#parts.faults.orEnd(this.contents.flush(this.#finished.take()));
  }

  /** As {@link flush}, but finishes no directory: there is more to come in those that seem to be. */
  async flushContents(): Promise<void> {
    await this.#parts.faults.orEnd(this.contents.flush(async () => {}));
  }

  /** Writes all that is waiting, and waits for it. */
  async finish(): Promise<void> {
    await this.flush();
    await this.#parts.faults.orEnd(this.contents.finish());
  }

  /** Makes the links that wait, once what they lead to is written. */
  async #linkWaiting(): Promise<void> {
    const { run, faults, restore } = this.#parts;
    const names = this.linked.take();
    await this.flushContents();
    await faults.orEnd(this.contents.finish());
    // Groups of which another name has been begun: it is still on its way.
    const begun = new Set<string>();
    for (const name of names) {
      await run.breathe(0);
      if (begun.has(name.group)) {
        this.linked.wait(name);
        continue;
      }
      const outcome = this.linked.link(name);
      if (outcome === "left") continue;
      if (outcome === "first") begun.add(name.group);
      if (outcome !== "linked") await restore(name);
      // To set its owner once more has taken capabilities away.
      else if (isFinishedLater(name.node)) this.#finished.add(name);
      if (this.contents.isFull) await this.flushContents();
    }
  }
}
