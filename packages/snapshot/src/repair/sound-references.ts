/**
 * Tells which references of old trees may enter a new snapshot (rule 5 of docs/architecture.md): those that have a place
 * the session has seen indexed and not condemned. What lies in condemned packs alone, and still opens, is stored into a
 * pack of the session. Without a session it is only looked whether it could be.
 */
import { isBcatError } from "@bcat/errors";
import { type BlobKind, ChunkClaims, type ChunkIndex, DATA, TREE } from "@bcat/pack";
import type { Repository, WriteSession } from "@bcat/repository";
import type { ChunkReference, Content, Node, TreeReference } from "../tree/node.js";
import { readTree } from "../tree/tree-reader.js";

export interface SoundReferencesOptions {
  readonly repository: Repository;
  /** As of now. */
  readonly index: ChunkIndex;
  /** Undefined to look only. */
  readonly session: WriteSession | undefined;
  /** Between two trees. */
  readonly step: () => Promise<void>;
}

export class SoundReferences {
  readonly #options: SoundReferencesOptions;
  /** Trees and lists that are whole, with all below them; beyond 3 million some are walked again. */
  readonly #whole = ChunkClaims.create();
  /** Those that are not, and chunks that are lost, in hexadecimal. */
  readonly #lost = new Set<string>();
  /** Chunks that were read out of condemned packs. */
  readonly #saved = ChunkClaims.create();

  constructor(options: SoundReferencesOptions) {
    this.#options = options;
  }

  /** True when an entry has all that it refers to. */
  async isWhole({ content, attributes, subtree }: Node): Promise<boolean> {
    if (subtree !== undefined && !(await this.hasTree(subtree, DATA))) return false;
    if (content !== undefined && !(await this.hasContent(content))) return false;
    for (const attribute of attributes ?? []) if (!(await this.hasContent(attribute.content))) return false;
    return true;
  }

  /** @param kind of its chunks: those of scan streams are of trees */
  async hasContent(content: Content, kind: BlobKind = DATA): Promise<boolean> {
    if (content.kind === "inline") return true;
    return content.kind === "list" ? await this.hasTree(content.list, kind) : await this.#hasAll(kind, content.chunks);
  }

  /** True when a tree or list is there, and all below it. @param kind of the chunks in a list */
  async hasTree(reference: TreeReference, kind: BlobKind): Promise<boolean> {
    if (this.#whole.has(reference.id)) return true;
    const key = keyOf(reference.id);
    if (this.#lost.has(key)) return false;
    await this.#options.step();
    const isThere = (await this.hasChunk(TREE, reference.id)) && (await this.#hasBelow(reference, kind));
    if (isThere) this.#whole.claim(reference.id);
    else this.#lost.add(key);
    return isThere;
  }

  /** True when the chunk itself is there. */
  async hasChunk(kind: BlobKind, id: Uint8Array): Promise<boolean> {
    const { index, session } = this.#options;
    if (session === undefined ? index.has(kind, id) : session.has(kind, id)) return true;
    return this.#saved.has(id) || (await this.#save(kind, id));
  }

  async #hasBelow(reference: TreeReference, kind: BlobKind): Promise<boolean> {
    try {
      const tree = await readTree(this.#options.repository, reference);
      if (tree.kind === "chunks") return await this.#hasAll(kind, tree.chunks);
      if (tree.kind === "nodes") return await every(tree.nodes, (node) => this.isWhole(node));
      const level = tree.list.level - 1;
      return await every(tree.list.children, ({ id, length }) => this.hasTree({ level, length, id }, kind));
    } catch (error) {
      if (!isBcatError(error, "corrupt")) throw error;
      return false;
    }
  }

  async #hasAll(kind: BlobKind, chunks: readonly ChunkReference[]): Promise<boolean> {
    return await every(chunks, ({ id }) => this.hasChunk(kind, id));
  }

  async #save(kind: BlobKind, id: Uint8Array): Promise<boolean> {
    const { repository, session } = this.#options;
    const key = keyOf(id);
    if (this.#lost.has(key)) return false;
    try {
      const bytes = await repository.readChunk(kind, id);
      session?.store(kind, bytes);
      await session?.ready();
    } catch (error) {
      if (!isBcatError(error, "corrupt")) throw error;
      this.#lost.add(key);
      return false;
    }
    this.#saved.claim(id);
    return true;
  }
}

/** All are looked at, also behind one that fails: what can be saved is. */
async function every<T>(items: readonly T[], test: (item: T) => Promise<boolean>): Promise<boolean> {
  let result = true;
  for (const item of items) if (!(await test(item))) result = false;
  return result;
}

function keyOf(id: Uint8Array): string {
  return Buffer.from(id).toString("hex");
}
