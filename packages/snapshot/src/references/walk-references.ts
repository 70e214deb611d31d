/** Walks all that a snapshot refers to: trees, lists, scan streams and data, attributes' contents too. */
import { type BlobKind, DATA, TREE } from "@bcat/pack";
import type { Snapshot } from "@bcat/repository";
import { decodeContent } from "../tree/content.js";
import { decodeLeaf } from "../tree/leaf.js";
import type { ChunkReference, Content, Node, TreeReference } from "../tree/node.js";
import { readTree, type TreeSource } from "../tree/tree-reader.js";

export interface ReferenceVisitor {
  /**
   * Told of each reference, as often as it is met. Of a tree or list the answer is whether what it refers to is to be
   * walked: false when that was done.
   */
  visit(kind: BlobKind, chunk: ChunkReference): boolean;
  /** Told of each entry before what it refers to, and after it: of a root by its path, of others by their names. */
  enter?(name: Uint8Array): void;
  leave?(): void;
  /** Between two trees: for progress and for others to run. @throws BcatError interrupted */
  step?(): Promise<void> | undefined;
}

/** @throws CorruptError for what cannot be read; BcatError newer-format; StorageError; what `visitor` throws */
export async function walkReferences(source: TreeSource, snapshot: Snapshot, visitor: ReferenceVisitor): Promise<void> {
  const walk = new ReferenceWalk(source, visitor);
  for (const { path, node, scan } of snapshot.roots) {
    await walk.node(decodeLeaf(node, { root: true, what: "a root" })[0]!, path);
    if (scan.length > 0) await walk.content(decodeContent(scan, "a scan stream"), TREE);
  }
}

/** As {@link walkReferences}, of one content and the attributes of its entry. */
export async function walkNodeContent(source: TreeSource, node: Node, visitor: ReferenceVisitor): Promise<void> {
  await new ReferenceWalk(source, visitor).ownContent(node);
}

class ReferenceWalk {
  readonly #source: TreeSource;
  readonly #visitor: ReferenceVisitor;

  constructor(source: TreeSource, visitor: ReferenceVisitor) {
    this.#source = source;
    this.#visitor = visitor;
  }

  async node(node: Node, name: Uint8Array): Promise<void> {
    this.#visitor.enter?.(name);
    await this.ownContent(node);
    if (node.subtree !== undefined) await this.#tree(node.subtree, DATA);
    this.#visitor.leave?.();
  }

  async ownContent({ content, attributes }: Node): Promise<void> {
    if (content !== undefined) await this.content(content, DATA);
    for (const attribute of attributes ?? []) await this.content(attribute.content, DATA);
  }

  async content(content: Content, kind: BlobKind): Promise<void> {
    if (content.kind === "chunks") for (const chunk of content.chunks) this.#visitor.visit(kind, chunk);
    else if (content.kind === "list") await this.#tree(content.list, kind);
  }

  /** @param kind of the chunks in a list */
  async #tree(reference: TreeReference, kind: BlobKind): Promise<void> {
    if (!this.#visitor.visit(TREE, reference)) return;
    const waiting = this.#visitor.step?.();
    if (waiting !== undefined) await waiting;
    const tree = await readTree(this.#source, reference);
    if (tree.kind === "nodes") for (const node of tree.nodes) await this.node(node, node.name);
    else if (tree.kind === "chunks") for (const chunk of tree.chunks) this.#visitor.visit(kind, chunk);
    else {
      const level = tree.list.level - 1;
      for (const { id, length } of tree.list.children) await this.#tree({ level, length, id }, kind);
    }
  }
}
