/** Finds one path in many snapshots: of folders that were looked into, what was found is remembered. */
import type { Repository } from "@bcat/repository";
import { componentsOf, isAtOrBelow } from "../path.js";
import { rootEntries } from "../root-entries.js";
import type { SnapshotInfo } from "../snapshots.js";
import { compareBytes } from "../tree/name.js";
import type { Node, TreeReference } from "../tree/node.js";
import { readNodes } from "../tree/tree-reader.js";

/** Answers that are kept; a node each. */
const REMEMBERED_MAX = 10_000;

export class EntryLookup {
  readonly #repository: Repository;
  readonly #remembered = new Map<string, Node | undefined>();

  constructor(repository: Repository) {
    this.#repository = repository;
  }

  /** The entry at an absolute path; undefined where there is none, or only folders above sources. @throws CorruptError; StorageError */
  async find(info: SnapshotInfo, path: Uint8Array): Promise<Node | undefined> {
    const root = rootEntries(info).find((entry) => isAtOrBelow(path, entry.path));
    let node = root?.node;
    for (const name of root === undefined ? [] : componentsOf(path).slice(componentsOf(root.path).length)) {
      if (node?.subtree === undefined) return undefined;
      node = await this.#childOf(node.subtree, name);
    }
    return node;
  }

  async #childOf(folder: TreeReference, name: Uint8Array): Promise<Node | undefined> {
    const key = `${Buffer.from(folder.id).toString("latin1")}/${Buffer.from(name).toString("latin1")}`;
    if (this.#remembered.has(key)) return this.#remembered.get(key);
    const node = await this.#read(folder, name);
    if (this.#remembered.size === REMEMBERED_MAX) this.#remembered.clear();
    this.#remembered.set(key, node);
    return node;
  }

  async #read(folder: TreeReference, name: Uint8Array): Promise<Node | undefined> {
    for await (const nodes of readNodes(this.#repository, folder)) {
      const last = nodes.at(-1);
      if (last === undefined || compareBytes(last.name, name) < 0) continue;
      return nodes.find((node) => compareBytes(node.name, name) === 0);
    }
    return undefined;
  }
}
