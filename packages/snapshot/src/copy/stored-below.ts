/**
 * The reference rule for what an earlier copy has stored: after packs were condemned, a session may refer to a tree or
 * content only when all below it has a location that is not condemned (rule 5 of docs/architecture.md).
 */
import { isBcatError } from "@bcat/errors";
import { type BlobKind, ChunkClaims, DATA, TREE } from "@bcat/pack";
import type { Repository, WriteSession } from "@bcat/repository";
import type { Content, Node, TreeReference } from "../tree/node.js";
import { readTree } from "../tree/tree-reader.js";

export class StoredBelow {
  readonly #repository: Repository;
  readonly #session: WriteSession;
  /** Trees and lists of which all below is stored. Beyond what it holds, they are looked at again. */
  readonly #stored = ChunkClaims.create();

  constructor(repository: Repository, session: WriteSession) {
    this.#repository = repository;
    this.#session = session;
  }

  /** @throws BcatError newer-format; StorageError */
  async hasTree(reference: TreeReference): Promise<boolean> {
    return await this.#tolerant(() => this.#tree(reference, DATA));
  }

  /** The same of what a file or an attribute has. */
  async hasContent(content: Content): Promise<boolean> {
    return await this.#tolerant(() => this.#content(content));
  }

  /** What cannot be read is as good as gone. */
  async #tolerant(look: () => Promise<boolean>): Promise<boolean> {
    try {
      return await look();
    } catch (error) {
      if (!isBcatError(error, "corrupt")) throw error;
      return false;
    }
  }

  /** @param kind of the chunks in a list */
  async #tree(reference: TreeReference, kind: BlobKind): Promise<boolean> {
    const { id } = reference;
    if (this.#stored.has(id)) return true;
    if (!this.#session.has(TREE, id)) return false;
    const tree = await readTree(this.#repository, reference);
    if (tree.kind === "nodes") for (const node of tree.nodes) if (!(await this.#node(node))) return false;
    if (tree.kind === "chunks") for (const chunk of tree.chunks) if (!this.#session.has(kind, chunk.id)) return false;
    if (tree.kind === "inner") {
      const level = tree.list.level - 1;
      for (const child of tree.list.children) if (!(await this.#tree({ ...child, level }, kind))) return false;
    }
    this.#stored.claim(id);
    return true;
  }

  async #node({ content, attributes, subtree }: Node): Promise<boolean> {
    if (content !== undefined && !(await this.#content(content))) return false;
    for (const attribute of attributes ?? []) if (!(await this.#content(attribute.content))) return false;
    return subtree === undefined || (await this.#tree(subtree, DATA));
  }

  async #content(content: Content): Promise<boolean> {
    if (content.kind === "list") return await this.#tree(content.list, DATA);
    if (content.kind === "chunks") return content.chunks.every(({ id }) => this.#session.has(DATA, id));
    return true;
  }
}
