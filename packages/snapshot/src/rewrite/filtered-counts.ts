/** What is in a snapshot that was made from another by leaving something out. */
import type { Counts } from "@bcat/repository";
import { contentSize, type Node, NodeType } from "../tree/node.js";

/** Link groups that are remembered, about 80 bytes each: beyond, the bytes of a file count for each of its names. */
const GROUPS_MAX = 2 ** 20;

export class FilteredCounts {
  /** Entries that were left out; of folders they alone, not what is in them. */
  leftOut = 0;
  #files = 0;
  #directories = 0;
  #changedDirectories = 0;
  #symlinks = 0;
  #others = 0;
  #bytes = 0;
  #marked = 0;
  readonly #groups = new Set<string>();

  /** @param isChanged of a folder: something in it, or below, was left out */
  add(node: Node, isChanged = false): void {
    if (node.type === NodeType.directory) {
      this.#directories++;
      if (isChanged) this.#changedDirectories++;
    } else if (node.type === NodeType.symlink) this.#symlinks++;
    else if (node.type === NodeType.file) this.#addFile(node);
    else this.#others++;
  }

  /** All that is there was there before. */
  get counts(): Omit<Counts, "dataChunksAdded" | "treeChunksAdded" | "plainBytesAdded" | "storedBytesAdded"> {
    return {
      files: this.#files,
      directories: this.#directories,
      symlinks: this.#symlinks,
      others: this.#others,
      bytes: this.#bytes,
      ...{ filesNew: 0, filesChanged: 0, filesUnmodified: this.#files },
      ...{ directoriesNew: 0, directoriesChanged: this.#changedDirectories },
      directoriesUnmodified: this.#directories - this.#changedDirectories,
      ...(this.#marked === 0 ? {} : { filesChangedWhileRead: this.#marked }),
    };
  }

  #addFile({ content, linkGroup, hasChanged }: Node): void {
    this.#files++;
    if (hasChanged === true) this.#marked++;
    if (this.#isFirst(linkGroup)) this.#bytes += content === undefined ? 0 : contentSize(content);
  }

  #isFirst(group: Uint8Array | undefined): boolean {
    if (group === undefined) return true;
    const name = Buffer.from(group).toString("latin1");
    if (this.#groups.has(name)) return false;
    if (this.#groups.size < GROUPS_MAX) this.#groups.add(name);
    return true;
  }
}
