/**
 * The folders that the roots lie in: what they are is kept, and nothing else of them, so that what lay in a folder that
 * only its owner may enter does not come back in one that all may.
 */
import { type Posix, Stat } from "@bcat/posix";
import type { FolderAbove } from "@bcat/repository";
import { pathsAbove } from "../path.js";
import { encodeLeaf } from "../tree/leaf.js";
import { compareBytes } from "../tree/name.js";
import { type Attribute, contentSize, NodeType } from "../tree/node.js";
import { nowhere } from "../tree/reference.js";
import { AttributeReader } from "./attributes.js";
import type { BackupRun } from "./backup-run.js";
import { boundTimes } from "./bound-entry.js";
import { EntryTable } from "./entry-table.js";
import { nodeHead } from "./nodes.js";
import type { OwnerNames } from "./owners.js";
import { closeDirectory } from "./source-directory.js";
import { fromSource, requireSourceFault } from "./source-fault.js";

const NO_NAME = new Uint8Array(0);
/** Bytes of extended attributes of all folders: they lie in the outcome, which every reader reads whole. */
const ATTRIBUTES_SIZE_MAX = 2 ** 20;

export interface FoldersAboveParts {
  readonly run: BackupRun;
  readonly posix: Posix;
  readonly owners: OwnerNames;
}

/** What the folders above `roots` are, ascending by path. One that cannot be looked at is left out, with no word. */
export function readFoldersAbove(roots: readonly Uint8Array[], parts: FoldersAboveParts): FolderAbove[] {
  const reader = new FolderReader(parts);
  const paths = new Map(roots.flatMap(pathsAbove).map((path) => [Buffer.from(path).toString("latin1"), path]));
  const found: FolderAbove[] = [];
  for (const path of [...paths.values()].sort(compareBytes)) {
    try {
      found.push({ path, node: reader.read(path) });
    } catch (error) {
      requireSourceFault(error);
    }
  }
  return found;
}

class FolderReader {
  readonly #parts: FoldersAboveParts;
  readonly #attributes: AttributeReader;
  readonly #table = new EntryTable();
  readonly #stat = new Stat();
  #attributesSize = 0;

  constructor(parts: FoldersAboveParts) {
    this.#parts = parts;
    this.#attributes = new AttributeReader({ ...parts, storeData: undefined });
  }

  read(path: Uint8Array): Uint8Array {
    const { posix } = this.#parts;
    const directory = fromSource(() => posix.openDirectoryToSearch(path));
    try {
      fromSource(() => posix.statFile(directory.fd, this.#stat));
      boundTimes(this.#stat);
      const attributes = this.#bounded(this.#attributes.read(directory, NO_NAME, () => path));
      this.#table.clear();
      this.#table.add(NO_NAME, this.#stat);
      const head = nodeHead(this.#table, 0, this.#parts.owners);
      const node = { ...head, ...(attributes !== undefined && { attributes }) };
      return encodeLeaf([{ ...node, type: NodeType.directory, subtree: nowhere }], { root: true });
    } finally {
      closeDirectory(posix, directory);
    }
  }

  #bounded(attributes: Attribute[] | undefined): Attribute[] | undefined {
    this.#attributesSize +=
      attributes?.reduce((sum, { name, content }) => sum + name.length + contentSize(content), 0) ?? 0;
    return this.#attributesSize > ATTRIBUTES_SIZE_MAX ? undefined : attributes;
  }
}
