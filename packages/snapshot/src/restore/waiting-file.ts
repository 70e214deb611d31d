/** A file that is to be restored. */
import { joinPath } from "../path.js";
import type { Node } from "../tree/node.js";
import type { Located } from "./entry-in-folder.js";
import type { TargetDirectory } from "./target-directory.js";

/** Where a file goes. */
export interface FilePlace {
  readonly directory: TargetDirectory;
  /** In the snapshot. */
  readonly folder: Located;
  readonly finalName?: Uint8Array;
}

export class WaitingFile {
  readonly node: Node;
  readonly directory: TargetDirectory;
  /** In the snapshot. */
  readonly folder: Located;
  /** The name that the file gets when it is whole, where another entry has it; that of the node is temporary then. */
  readonly finalName: Uint8Array | undefined;

  constructor(node: Node, { directory, folder, finalName }: FilePlace) {
    this.node = node;
    this.directory = directory;
    this.folder = folder;
    this.finalName = finalName;
  }

  /** In the snapshot, for reports. */
  get path(): Uint8Array {
    return joinPath(this.folder.path, this.finalName ?? this.node.name);
  }
}
