/** Writes the trees of a snapshot anew without what is lost of them. Trees that are whole stay what they are. */
import { isBcatError } from "@bcat/errors";
import { DATA, TREE } from "@bcat/pack";
import type { Repository, Root, WriteSession } from "@bcat/repository";
import { joinPath } from "../path.js";
import { decodeContent } from "../tree/content.js";
import { decodeLeaf, encodeLeaf } from "../tree/leaf.js";
import { DirectoryWriter } from "../tree/list-writer.js";
import { type Node, NodeType, type TreeReference } from "../tree/node.js";
import { readTree } from "../tree/tree-reader.js";
import type { SoundReferences } from "./sound-references.js";

/** What is not in the new snapshot. `entries`: some of a folder, whose names are lost too; `scan`: what only the next backup needs. */
export interface Loss {
  /** Absolute. */
  readonly path: Uint8Array;
  readonly what: "file" | "folder" | "entries" | "attribute" | "scan";
  /** Of a file. */
  readonly node?: Node;
  /** Of a folder, or of entries in one: the folder. */
  readonly subtree?: TreeReference;
}

interface Folder {
  readonly path: Uint8Array;
  readonly subtree: TreeReference;
}

export interface TreeRewriterParts {
  readonly repository: Repository;
  readonly sound: SoundReferences;
  /** Without one nothing is stored; what is lost is told all the same. */
  readonly session: WriteSession | undefined;
  readonly onLoss: (loss: Loss) => void;
}

export class TreeRewriter {
  readonly #repository: Repository;
  readonly #sound: SoundReferences;
  readonly #session: WriteSession | undefined;
  readonly #onLoss: (loss: Loss) => void;

  constructor({ repository, sound, session, onLoss }: TreeRewriterParts) {
    this.#repository = repository;
    this.#sound = sound;
    this.#session = session;
    this.#onLoss = onLoss;
  }

  /** The root as far as it is there, without its scan; undefined when nothing of it is. */
  async root({ path, node, scan }: Root): Promise<Root | undefined> {
    const [found] = decodeLeaf(node, { root: true, what: "a root" });
    if (scan.length > 0 && !(await this.#sound.hasContent(decodeContent(scan, "a scan stream"), TREE)))
      this.#onLoss({ path, what: "scan" });
    const written = await this.#node(found!, path);
    return written && { path, node: encodeLeaf([written], { root: true }), scan: new Uint8Array(0) };
  }

  async #node(node: Node, path: Uint8Array): Promise<Node | undefined> {
    if (await this.#sound.isWhole(node)) return node;
    if (node.content !== undefined && !(await this.#sound.hasContent(node.content))) {
      this.#onLoss({ path, what: "file", node });
      return undefined;
    }
    const kept = await this.#withoutLostAttributes(node, path);
    if (node.type !== NodeType.directory || node.subtree === undefined) return kept;
    const subtree = await this.#directory(node.subtree, path);
    return subtree && { ...kept, subtree };
  }

  async #withoutLostAttributes(node: Node, path: Uint8Array): Promise<Node> {
    if (node.attributes === undefined) return node;
    const attributes = [];
    for (const attribute of node.attributes) {
      if (await this.#sound.hasContent(attribute.content)) attributes.push(attribute);
      else this.#onLoss({ path, what: "attribute" });
    }
    const { attributes: _, ...others } = node;
    return attributes.length === 0 ? others : { ...others, attributes };
  }

  /** The directory without what is lost; undefined when all of it is. */
  async #directory(reference: TreeReference, path: Uint8Array): Promise<TreeReference | undefined> {
    if (await this.#sound.hasTree(reference, DATA)) return reference;
    const writer = new DirectoryWriter((bytes) => this.#store(bytes), this.#repository.nameHash);
    if (!(await this.#copyNodes(reference, { path, subtree: reference }, writer))) {
      this.#onLoss({ path, what: "folder", subtree: reference });
      return undefined;
    }
    return writer.finish();
  }

  /** Hands over the nodes of what can be read of a directory; false when that is nothing. */
  async #copyNodes(reference: TreeReference, folder: Folder, writer: DirectoryWriter): Promise<boolean> {
    let tree: Awaited<ReturnType<typeof readTree>>;
    try {
      tree = await readTree(this.#repository, reference);
    } catch (error) {
      if (!isBcatError(error, "corrupt")) throw error;
      return false;
    }
    if (tree.kind === "nodes") {
      for (const node of tree.nodes) await this.#copyNode(node, folder.path, writer);
      return true;
    }
    if (tree.kind === "chunks") return false;
    const level = tree.list.level - 1;
    for (const { id, length } of tree.list.children) {
      if (!(await this.#copyNodes({ level, length, id }, folder, writer))) this.#onLoss({ ...folder, what: "entries" });
    }
    return true;
  }

  async #copyNode(node: Node, folder: Uint8Array, writer: DirectoryWriter): Promise<void> {
    const written = await this.#node(node, joinPath(folder, node.name));
    if (written !== undefined) writer.add(written);
    await this.#session?.ready();
  }

  #store(bytes: Uint8Array): Uint8Array {
    return this.#session?.store(TREE, bytes) ?? this.#repository.idHash[TREE].hash(bytes);
  }
}
