/**
 * Entries without content: symbolic links, fifos and device nodes, each made by one call. A socket is made by whoever
 * listens to it: one that is restored would have nobody behind it.
 */
import { systemErrorCode } from "@bcat/errors";
import { type Directory, FileType, type Posix } from "@bcat/posix";
import { type Node, NodeType } from "../tree/node.js";
import type { Located } from "./entry-in-folder.js";
import type { MetadataFault, MetadataSetter } from "./metadata.js";
import type { Replacer } from "./replacer.js";
import type { RestoreRun } from "./restore-run.js";
import type { TargetDirectories, TargetDirectory } from "./target-directory.js";

/** Until its owner is set. */
const PRIVATE_MODE = 0o600;

/** Why an entry is left out, for all of its kind. */
export const NotRestored = {
  socket: "sockets were not restored, whoever listens makes them",
  device: "device nodes were not restored, that takes privileges",
  fifo: "fifos were not restored, that takes koffi",
} as const;

const SPECIAL_TYPES: ReadonlyMap<NodeType, FileType> = new Map<NodeType, FileType>([
  [NodeType.fifo, FileType.FIFO],
  [NodeType.characterDevice, FileType.CHARACTER],
  [NodeType.blockDevice, FileType.BLOCK],
]);

interface Made {
  /** Why it cannot be made, where that holds for all of its kind. */
  readonly reason?: string;
  readonly fault?: MetadataFault;
}

/** Where an entry goes. */
interface Place extends Located {
  readonly directory: TargetDirectory;
}

export interface BareEntriesParts {
  readonly posix: Posix;
  readonly directories: TargetDirectories;
  readonly metadata: MetadataSetter;
  readonly run: RestoreRun;
}

export class BareEntries {
  readonly #parts: BareEntriesParts;

  constructor(parts: BareEntriesParts) {
    this.#parts = parts;
  }

  /** @throws what the system says of this entry */
  make(place: Place, node: Node): void {
    const { run } = this.#parts;
    const made = this.#makeWhole(place.directory, node);
    if (made.reason !== undefined) {
      run.leaveOut(place.path, made.reason);
      return;
    }
    run.countBare(node, place.path);
    if (made.fault !== undefined) run.report(place.path, made.fault, "metadata-not-set");
  }

  /** As {@link make}, in the place of another entry. */
  replace(place: Place, node: Node, replacer: Replacer): void {
    const { run } = this.#parts;
    const { directory } = place;
    const temporary = replacer.prepare(directory, node.name);
    const made = this.#makeTemporary(directory, { ...node, name: temporary }, replacer);
    if (made.reason !== undefined) {
      run.leaveOut(place.path, made.reason);
      return;
    }
    replacer.publish(directory, temporary, node.name);
    run.countBare(node, place.path);
    if (made.fault !== undefined) run.report(place.path, made.fault, "metadata-not-set");
  }

  /** File systems of users' programs may say that they could not make what they have made. */
  #makeTemporary(directory: TargetDirectory, node: Node, replacer: Replacer): Made {
    try {
      return this.#makeWhole(directory, node);
    } catch (error) {
      replacer.discard(directory, node.name);
      throw error;
    }
  }

  #makeWhole(directory: TargetDirectory, node: Node): Made {
    const { posix, directories, metadata } = this.#parts;
    const handle = directories.handle(directory);
    const reason = this.#make(posix, handle, node);
    return reason === undefined ? { fault: metadata.setAt(handle, node.name, node) } : { reason };
  }

  /** Why it cannot be made, where that holds for all of its kind. */
  #make(posix: Posix, directory: Directory, node: Node): string | undefined {
    if (node.type === NodeType.symlink) {
      posix.makeSymlinkAt(node.target!, directory, node.name);
      return undefined;
    }
    const type = SPECIAL_TYPES.get(node.type);
    if (type === undefined) return NotRestored.socket;
    const isFifo = type === FileType.FIFO;
    if (posix.makeNodeAt === undefined) return isFifo ? NotRestored.fifo : NotRestored.device;
    try {
      posix.makeNodeAt(directory, node.name, { type, mode: PRIVATE_MODE, major: node.major, minor: node.minor });
      return undefined;
    } catch (error) {
      if (isFifo || systemErrorCode(error) !== "EPERM") throw error;
      return NotRestored.device;
    }
  }
}
