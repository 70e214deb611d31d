/** Reads back what was restored, and compares it with the snapshot chunk by chunk. What is not there was reported before. */
import { systemErrorCode } from "@bcat/errors";
import { Stat } from "@bcat/posix";
import type { Entry } from "../root-entries.js";
import { contentSize, type Node, NodeType } from "../tree/node.js";
import type { RestoreParts } from "./create-contents.js";
import { EntryFaults } from "./entry-faults.js";
import { EntryInFolder } from "./entry-in-folder.js";
import type { EntryToPlace } from "./existing-entries.js";
import { localFileParts } from "./in-place.js";
import { holdsContent } from "./local-content.js";
import { LocalFile, type LocalFileParts } from "./local-file.js";
import { MetadataSetter } from "./metadata.js";
import type { PlannedEntry } from "./plan.js";
import { TargetDirectories, TargetDirectory } from "./target-directory.js";

/** Counts files that are right, and reports the others. */
export async function verifyTarget(plan: readonly PlannedEntry[], parts: RestoreParts): Promise<void> {
  const directories = new TargetDirectories(parts.posix);
  try {
    await new Verification(parts, directories).walk(plan);
  } finally {
    directories.closeAll();
  }
}

class Verification {
  readonly #parts: RestoreParts;
  readonly #directories: TargetDirectories;
  readonly #faults: EntryFaults;
  readonly #local: LocalFileParts;
  readonly #metadata: MetadataSetter;
  readonly #stat = new Stat();

  constructor(parts: RestoreParts, directories: TargetDirectories) {
    this.#parts = parts;
    this.#directories = directories;
    this.#faults = new EntryFaults(parts);
    this.#local = localFileParts(parts);
    this.#metadata = new MetadataSetter(parts.posix);
  }

  async walk(plan: readonly PlannedEntry[]): Promise<void> {
    const top = this.#directories.top(this.#parts.top);
    for (const { entry, folders, isTargetItself } of plan) {
      let directory = top;
      for (const { name } of folders) directory = new TargetDirectory(directory, name);
      if (isTargetItself) await this.#children(top, entry);
      else await this.#entry({ directory, ...entry });
    }
  }

  async #entry(entry: EntryToPlace): Promise<void> {
    const { directory, node } = entry;
    try {
      if (node.type === NodeType.directory) await this.#children(new TargetDirectory(directory, node.name), entry);
      else if (node.type === NodeType.file) await this.#file(entry);
    } catch (error) {
      const code = systemErrorCode(error);
      if (code !== "ENOENT" && code !== "ENOTDIR") await this.#faults.tolerate(entry.path, error);
    }
  }

  /** @param folder of which the directory is that of its entries */
  async #children(directory: TargetDirectory, folder: Entry): Promise<void> {
    for await (const children of this.#parts.nodes.in(folder)) {
      for (const child of children) {
        await this.#entry(new EntryInFolder(folder, child, directory));
        const turn = this.#parts.run.breathe(0);
        if (turn !== undefined) await turn;
      }
    }
  }

  async #file(entry: EntryToPlace): Promise<void> {
    const { directory, node } = entry;
    const { posix, run, repository } = this.#parts;
    const handle = this.#directories.handle(directory);
    posix.statAt(handle, node.name, this.#stat);
    if (this.#wasLeft(node)) return;
    run.at(entry);
    const file = LocalFile.open(this.#local, handle, node.name);
    try {
      const isRight = file !== undefined && (await holdsContent(file, node.content!, { repository, run }));
      if (isRight) run.verified++;
      else run.report(entry.path, "it was read back, and is not what the snapshot has", "not-restored");
    } finally {
      file?.close();
    }
  }

  /** Where files may be left as they are, those that differ in size or time were. */
  #wasLeft(node: Node): boolean {
    const { overwrite } = this.#parts;
    if (overwrite !== "never" && overwrite !== "if-newer") return false;
    return this.#stat.size !== contentSize(node.content!) || !this.#metadata.hasTime(node, this.#stat);
  }
}
