/**
 * What an earlier copy knows of a folder: the folder in the source's snapshot that was copied, and in the copy. What is the
 * same in the snapshot at hand need not be read: it is in the target what it was there.
 */
import { isBcatError } from "@bcat/errors";
import type { Repository } from "@bcat/repository";
import { encodeContent } from "../tree/content.js";
import { compareBytes } from "../tree/name.js";
import { type Content, contentSize, type Node, NodeType, type TreeReference } from "../tree/node.js";
import { readNodes } from "../tree/tree-reader.js";
import type { StoredBelow } from "./stored-below.js";

/** One entry, in both. */
export interface NodePair {
  readonly source: Node;
  readonly target: Node;
}

export interface CounterpartParts {
  readonly source: Repository;
  readonly target: Repository;
  /** Undefined where nothing was condemned since the copy: all that it refers to is stored. */
  readonly stored: StoredBelow | undefined;
  /** Its folders may lack entries: only contents of files are taken over. */
  readonly isIncomplete: boolean;
}

/** What the pair has in the target for a folder of the source; undefined when that is another, or not stored any more. */
export async function treeOfPair(
  { stored, isIncomplete }: CounterpartParts,
  { source, target }: NodePair,
  tree: TreeReference,
): Promise<TreeReference | undefined> {
  if (isIncomplete) return undefined;
  if (source.subtree === undefined || target.subtree === undefined) return undefined;
  if (compareBytes(source.subtree.id, tree.id) !== 0) return undefined;
  return stored === undefined || (await stored.hasTree(target.subtree)) ? target.subtree : undefined;
}

/** The same for the content of a file. */
export async function contentOfPair(
  { stored }: CounterpartParts,
  { source, target }: NodePair,
  content: Content,
): Promise<Content | undefined> {
  if (target.type !== NodeType.file || source.content === undefined || target.content === undefined) return undefined;
  if (compareBytes(encodeContent(source.content), encodeContent(content)) !== 0) return undefined;
  if (contentSize(target.content) !== contentSize(content)) return undefined;
  return stored === undefined || (await stored.hasContent(target.content)) ? target.content : undefined;
}

/** The entries of a folder that both have, asked for in order of name. */
export class Counterpart {
  readonly #sources: NodeCursor;
  readonly #targets: NodeCursor;

  constructor({ source, target }: CounterpartParts, pair: NodePair) {
    this.#sources = new NodeCursor(source, pair.source.subtree);
    this.#targets = new NodeCursor(target, pair.target.subtree);
  }

  async find(name: Uint8Array): Promise<NodePair | undefined> {
    const source = await this.#sources.find(name);
    const target = source === undefined ? undefined : await this.#targets.find(name);
    return source === undefined || target === undefined ? undefined : { source, target };
  }

  /** True when it is not known what the target has: a part of the folder could not be read there. */
  get isDamaged(): boolean {
    return this.#targets.isDamaged;
  }

  /** True when the target has entries behind `name`, or any. Nothing is found afterwards. */
  async targetGoesOn(name: Uint8Array | undefined): Promise<boolean> {
    return await this.#targets.goesOn(name);
  }
}

/** The nodes of one folder, a leaf at a time. Damage ends them: what follows is copied as if it were new. */
class NodeCursor {
  readonly #leaves: AsyncIterator<readonly Node[]> | undefined;
  #leaf: readonly Node[] = [];
  #at = 0;
  isDamaged = false;

  constructor(repository: Repository, tree: TreeReference | undefined) {
    if (tree !== undefined) this.#leaves = readNodes(repository, tree);
  }

  async find(name: Uint8Array): Promise<Node | undefined> {
    for (;;) {
      for (; this.#at < this.#leaf.length; this.#at++) {
        const node = this.#leaf[this.#at]!;
        const order = compareBytes(node.name, name);
        if (order === 0) return node;
        if (order > 0) return undefined;
      }
      this.#leaf = await this.#nextLeaf();
      this.#at = 0;
      if (this.#leaf.length === 0) return undefined;
    }
  }

  async goesOn(name: Uint8Array | undefined): Promise<boolean> {
    for (;;) {
      for (; this.#at < this.#leaf.length; this.#at++)
        if (name === undefined || compareBytes(this.#leaf[this.#at]!.name, name) > 0) return true;
      this.#leaf = await this.#nextLeaf();
      this.#at = 0;
      if (this.#leaf.length === 0) return false;
    }
  }

  async #nextLeaf(): Promise<readonly Node[]> {
    try {
      const next = await this.#leaves?.next();
      return next === undefined || next.done === true ? [] : next.value;
    } catch (error) {
      if (!isBcatError(error, "corrupt")) throw error;
      this.isDamaged = true;
      return [];
    }
  }
}
