/** A folder that is searched: its entries, one after another, and what was found in it. */
import type { Repository } from "@bcat/repository";
import { joinPath } from "../path.js";
import type { LeafReader } from "../tree/leaf-reader.js";
import type { Node, NodeType, TreeReference } from "../tree/node.js";
import { readNodeLeaves } from "../tree/tree-reader.js";
import type { Candidate, Name } from "./candidate.js";
import { Findings } from "./findings.js";

/** Matches that are remembered of one folder. */
const MATCHES_MAX = 20_000;

export interface Folder {
  readonly path: Uint8Array;
  readonly subtree: TreeReference;
  /** What tells it from others in which something else is found. */
  readonly key: Uint8Array;
}

export class SearchLevel {
  readonly folder: Folder;
  /** In order; undefined when it is not known, or too much to be kept. */
  found: Findings | undefined = new Findings();
  /** Undefined when there is nothing more to be read. */
  #leaves: AsyncGenerator<LeafReader> | undefined;
  #leaf: LeafReader | undefined;
  #at = 0;

  constructor(repository: Repository, folder: Folder) {
    this.folder = folder;
    this.#leaves = readNodeLeaves(repository, folder.subtree);
  }

  /** Reads entries, when all that were read have been taken; false when there are no more. */
  async fill(): Promise<boolean> {
    const next = await this.#leaves?.next();
    this.#leaf = next?.done === true ? undefined : next?.value;
    this.#at = 0;
    return this.#leaf !== undefined;
  }

  /** The next entry of those that were read. */
  next(): Candidate | undefined {
    const leaf = this.#leaf;
    if (leaf === undefined || this.#at === leaf.count) return undefined;
    return new LeafEntry(this.folder, leaf, this.#at++);
  }

  /** There are no more entries, and what was found is not all. */
  end(): void {
    this.#leaf = undefined;
    this.#leaves = undefined;
    this.found = undefined;
  }

  add(node: Node): void {
    if (this.found?.count === MATCHES_MAX) this.found = undefined;
    this.found?.add(node);
  }

  /** What was found in a folder that is in this one. */
  addBelow(name: Uint8Array, found: Findings | undefined): void {
    if (found === undefined || (this.found?.count ?? 0) + found.count > MATCHES_MAX) this.found = undefined;
    else if (found.count > 0) this.found?.addBelow(name, found);
  }
}

class LeafEntry implements Candidate {
  readonly #folder: Folder;
  readonly #leaf: LeafReader;
  readonly #position: number;

  constructor(folder: Folder, leaf: LeafReader, position: number) {
    this.#folder = folder;
    this.#leaf = leaf;
    this.#position = position;
  }

  get name(): Name {
    const { names } = this.#leaf;
    return { bytes: names.bytes, start: names.startOf(this.#position), end: names.endOf(this.#position) };
  }

  get type(): NodeType {
    return this.#leaf.typeOf(this.#position);
  }

  get subtree(): TreeReference | undefined {
    return this.#leaf.subtreeOf(this.#position);
  }

  path(): Uint8Array {
    return joinPath(this.#folder.path, this.#leaf.names.at(this.#position));
  }

  node(): Node {
    return this.#leaf.nodes()[this.#position]!;
  }
}
