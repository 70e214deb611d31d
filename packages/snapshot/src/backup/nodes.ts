/** Makes nodes of trees out of the rows of a directory. */
import { FileType } from "@bcat/posix";
import { EncodedContent } from "../tree/content.js";
import { type NodeToWrite, NodeType, type TreeReference } from "../tree/node.js";
import type { EntryTable } from "./entry-table.js";
import type { LinkGroups } from "./link-groups.js";
import type { OwnerNames } from "./owners.js";
import { specialNode } from "./special-node.js";
import type { Visit } from "./visit.js";

export class NodeMaker {
  readonly #owners: OwnerNames;
  readonly #linkGroups: LinkGroups;

  constructor({ owners, linkGroups }: { readonly owners: OwnerNames; readonly linkGroups: LinkGroups }) {
    this.#owners = owners;
    this.#linkGroups = linkGroups;
  }

  /** The node of a row of which all is known. @param subtree of a directory */
  node(visit: Visit, row: number, subtree: TreeReference | undefined): NodeToWrite {
    const { table, payloads } = visit;
    const node = nodeHead(table, row, this.#owners);
    const linkGroup = this.#linkGroups.of(table, row, () => visit.directory.absolutePath);
    if (linkGroup !== undefined) node.linkGroup = linkGroup;
    const attributes = visit.attributes.get(row);
    if (attributes !== undefined) node.attributes = attributes;
    const flags = visit.flags.get(row);
    if (flags !== undefined && flags !== 0) node.flags = flags;
    const type = table.columns.types[row];
    if (type === FileType.DIRECTORY) {
      node.type = NodeType.directory;
      node.subtree = subtree!;
    } else if (type === FileType.SYMLINK) {
      node.type = NodeType.symlink;
      // The writer keeps a node until its leaf is full; the payloads stay until then.
      node.target = payloads.get(row);
    } else if (type === FileType.FILE) setFile(node, visit, row);
    else Object.assign(node, specialNode(type!, payloads.get(row)));
    return node;
  }
}

/** Sets what only files have. */
export function setFile(node: NodeToWrite, { table, payloads, changed }: Visit, row: number): void {
  node.content = new EncodedContent(payloads.get(row));
  if (changed?.has(row) === true) node.hasChanged = true;
  if (table.columns.holes[row] === 1) node.hasHoles = true;
}

/** A node of what every type has; its type is that of a file until it is known. */
export function nodeHead(table: EntryTable, row: number, owners: OwnerNames): NodeToWrite {
  const { modes, uids, gids, mtimeSeconds, mtimeNanoseconds } = table.columns;
  const uid = uids[row]!;
  const gid = gids[row]!;
  const node: NodeToWrite = {
    name: table.name(row),
    type: NodeType.file,
    mode: modes[row]!,
    uid,
    gid,
    user: owners.user(uid),
    group: owners.group(gid),
    mtimeSeconds: mtimeSeconds[row]!,
    mtimeNanoseconds: mtimeNanoseconds[row]!,
  };
  table.accessTimes?.put(node, row);
  return node;
}
