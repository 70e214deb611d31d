/** The tree of a snapshot from `/` on, or from one of its entries. */
import type { Repository } from "@bcat/repository";
import { componentsOf } from "../path.js";
import type { Entry } from "../root-entries.js";
import { compareBytes } from "../tree/name.js";
import type { Node } from "../tree/node.js";
import { readNodes } from "../tree/tree-reader.js";
import type { Side, Tree } from "./tree.js";

/** A folder above roots has what is below it, and no node; anything else a node. */
export interface SnapshotSide extends Side {
  readonly below?: ReadonlyMap<string, SnapshotSide>;
}

export class SnapshotTree implements Tree<SnapshotSide> {
  readonly top: SnapshotSide;
  readonly #repository: Repository;

  private constructor(repository: Repository, top: SnapshotSide) {
    this.#repository = repository;
    this.top = top;
  }

  /** @param roots of which none is inside another, as snapshots have them */
  static ofRoots(repository: Repository, roots: readonly Entry[]): SnapshotTree {
    const top: Growing = { name: new Uint8Array(0), node: undefined, below: new Map() };
    for (const { path, node } of roots) grow(top, componentsOf(path), node);
    return new SnapshotTree(repository, top);
  }

  static ofNode(repository: Repository, node: Node): SnapshotTree {
    return new SnapshotTree(repository, { name: new Uint8Array(0), node });
  }

  async *children({ node, below }: SnapshotSide): AsyncGenerator<readonly SnapshotSide[]> {
    if (node === undefined) yield [...(below?.values() ?? [])].sort((a, b) => compareBytes(a.name, b.name));
    else if (node.subtree !== undefined)
      for await (const nodes of readNodes(this.#repository, node.subtree))
        yield nodes.map((child) => ({ name: child.name, node: child }));
  }
}

interface Growing extends SnapshotSide {
  node: Node | undefined;
  readonly below: Map<string, Growing>;
}

function grow(top: Growing, names: readonly Uint8Array[], node: Node): void {
  let at = top;
  for (const name of names) {
    const key = Buffer.from(name).toString("latin1");
    const next = at.below.get(key) ?? { name, node: undefined, below: new Map() };
    at.below.set(key, next);
    at = next;
  }
  at.node = node;
}
