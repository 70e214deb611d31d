/** A file that is to be restored. */
import { joinPath } from "../path.js";
import type { Node } from "../tree/node.js";
import type { TargetDirectory } from "./target-directory.js";

export class WaitingFile {
  readonly node: Node;
  readonly directory: TargetDirectory;
  /** In the snapshot. */
  readonly folder: Uint8Array;

  constructor(node: Node, directory: TargetDirectory, folder: Uint8Array) {
    this.node = node;
    this.directory = directory;
    this.folder = folder;
  }

  /** In the snapshot, for reports. */
  get path(): Uint8Array {
    return joinPath(this.folder, this.node.name);
  }
}
