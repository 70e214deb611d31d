/** The entries that a snapshot begins with. */
import type { SnapshotInfo } from "./snapshots.js";
import { decodeLeaf } from "./tree/leaf.js";
import type { Node } from "./tree/node.js";

/** A node and where it was backed up from. */
export interface Entry {
  /** Absolute. */
  readonly path: Uint8Array;
  readonly node: Node;
}

/** The roots of a snapshot, as entries. @throws CorruptError */
export function rootEntries(info: SnapshotInfo): Entry[] {
  return info.snapshot.roots.map(({ path, node }) => {
    const what = `a root of snapshot ${info.number}`;
    return { path, node: decodeLeaf(node, { root: true, what })[0]! };
  });
}
