/** Finds in another repository what a snapshot of ours had at a path: in the snapshot of the same time, else in the newest that fits. */
import { isBcatError } from "@bcat/errors";
import type { Repository } from "@bcat/repository";
import { componentsOf } from "../path.js";
import { PathIndex } from "../path-index.js";
import { type Entry, rootEntries } from "../root-entries.js";
import { keptSnapshots, type ListedSnapshot, readSnapshot, type SnapshotInfo } from "../snapshots.js";
import { type Node, NodeType, type TreeReference } from "../tree/node.js";
import { readNodes } from "../tree/tree-reader.js";

/** Snapshots that are looked into for one path. */
const SNAPSHOTS_MAX = 100;
/** Folders whose entries are kept in memory. */
const FOLDERS_MAX = 16;

export class OtherEntries {
  readonly #other: Repository;
  /** Newest first. */
  readonly #snapshots: readonly ListedSnapshot[];
  readonly #roots = new Map<number, PathIndex<Entry>>();
  readonly #folders = new Map<string, ReadonlyMap<string, Node>>();

  /** @param other refreshed */
  constructor(other: Repository) {
    this.#other = other;
    this.#snapshots = keptSnapshots(other).reverse();
  }

  /**
   * What other snapshots have at `path`, the likeliest first: what the snapshot of the same host and time has, then what
   * `fits`, the newest first.
   */
  async *find(path: Uint8Array, ours: SnapshotInfo, fits: (node: Node) => boolean): AsyncGenerator<Node> {
    const { host, start } = ours.snapshot;
    const isSame = ({ snapshot }: ListedSnapshot) => snapshot.host === host && snapshot.start === start;
    for (const info of this.#snapshots.filter(isSame)) {
      const node = await this.#at(info, path);
      if (node !== undefined) yield node;
    }
    let looked = 0;
    for (const info of this.#snapshots) {
      if (isSame(info) || !hasAbove(info, path)) continue;
      if (++looked > SNAPSHOTS_MAX) return;
      const node = await this.#at(info, path);
      if (node !== undefined && fits(node)) yield node;
    }
  }

  /** Undefined for nothing, and for what cannot be read there either. */
  async #at({ number }: ListedSnapshot, path: Uint8Array): Promise<Node | undefined> {
    try {
      const root = (await this.#rootsOf(number))?.atOrAbove(path);
      if (root === undefined) return undefined;
      let node: Node | undefined = root.node;
      for (const name of componentsOf(path).slice(componentsOf(root.path).length)) {
        if (node?.type !== NodeType.directory || node.subtree === undefined) return undefined;
        node = (await this.#folder(node.subtree)).get(keyOf(name));
      }
      return node;
    } catch (error) {
      if (!isBcatError(error, "corrupt")) throw error;
      return undefined;
    }
  }

  async #rootsOf(number: number): Promise<PathIndex<Entry> | undefined> {
    const known = this.#roots.get(number);
    if (known !== undefined) return known;
    const info = await readSnapshot(this.#other, number);
    if (info === undefined) return undefined;
    const roots = new PathIndex(rootEntries(info), ({ path }) => path);
    this.#roots.set(number, roots);
    return roots;
  }

  async #folder(reference: TreeReference): Promise<ReadonlyMap<string, Node>> {
    const key = Buffer.from(reference.id).toString("hex");
    const known = this.#folders.get(key);
    if (known !== undefined) return known;
    const entries = new Map<string, Node>();
    for await (const nodes of readNodes(this.#other, reference))
      for (const node of nodes) entries.set(keyOf(node.name), node);
    this.#folders.set(key, entries);
    const [oldest] = this.#folders.keys();
    if (this.#folders.size > FOLDERS_MAX) this.#folders.delete(oldest!);
    return entries;
  }
}

function hasAbove({ snapshot }: ListedSnapshot, path: Uint8Array): boolean {
  return new PathIndex(snapshot.roots, (root) => root.path).atOrAbove(path) !== undefined;
}

function keyOf(name: Uint8Array): string {
  return Buffer.from(name).toString("latin1");
}
