/**
 * Writes lists cut by content (docs/format.md section 12.2): chunks of a file, nodes of a directory, inner lists above
 * both. Entries are taken one by one, and memory holds one open object of each level, however long the list.
 */
import type { KeyedHash } from "@bcat/crypto";
import { contentChunkCountMax } from "./content.js";
import { encodeLeaf, nodeWeight } from "./leaf.js";
import { encodeChunkLeaf, encodeInner, type ListChild, type NodeChild } from "./list.js";
import type { ChunkReference, Content, NodeToWrite, TreeReference } from "./node.js";

/** Stores a tree chunk and returns its id. */
export type StoreTree = (bytes: Uint8Array) => Uint8Array;

const ENTRIES_MIN = 256;
const ENTRIES_MAX = 4_096;
const WEIGHT_MIN = 64 * 1024;
const WEIGHT_MAX = 2 ** 20;
/** One entry in 1,024 ends an object, or one byte of weight in 256 Ki. */
const ENTRY_THRESHOLD = 2 ** 22;
const WEIGHT_THRESHOLD = 2 ** 14;

/** The u32 at the head of a hash. */
function headOf(hash: Uint8Array): number {
  return (hash[0]! | (hash[1]! << 8) | (hash[2]! << 16) | (hash[3]! << 24)) >>> 0;
}

function closesList(count: number, id: Uint8Array): boolean {
  return count === ENTRIES_MAX || (count >= ENTRIES_MIN && headOf(id) < ENTRY_THRESHOLD);
}

/** One level of inner lists, and those above it. */
class InnerWriter {
  readonly #store: StoreTree;
  readonly #over: "nodes" | "chunks";
  readonly #level: number;
  #children: (NodeChild | ListChild)[] = [];
  #above: InnerWriter | undefined;

  constructor(store: StoreTree, over: "nodes" | "chunks", level: number) {
    this.#store = store;
    this.#over = over;
    this.#level = level;
  }

  add(child: NodeChild | ListChild): void {
    this.#children.push(child);
    if (closesList(this.#children.length, child.id)) this.#flush();
  }

  /** The reference to the whole list: a single child is not wrapped. */
  finish(): TreeReference {
    if (this.#above === undefined && this.#children.length === 1) {
      const { id, length } = this.#children[0]!;
      return { level: this.#level - 1, length, id };
    }
    if (this.#children.length > 0) this.#flush();
    return this.#above!.finish();
  }

  /** A writer that goes on from here, beside this one. */
  fork(): InnerWriter {
    const fork = new InnerWriter(this.#store, this.#over, this.#level);
    fork.#children = [...this.#children];
    fork.#above = this.#above?.fork();
    return fork;
  }

  #flush(): void {
    const children = this.#children;
    this.#children = [];
    const level = this.#level;
    const bytes =
      this.#over === "nodes"
        ? encodeInner({ level, over: "nodes", children: children as NodeChild[] })
        : encodeInner({ level, over: "chunks", children });
    const span = children.reduce((sum, child) => sum + child.span, 0);
    const child = { id: this.#store(bytes), length: bytes.length, span };
    const first = children[0]!;
    this.#above ??= new InnerWriter(this.#store, this.#over, level + 1);
    this.#above.add("firstName" in first ? { ...child, firstName: first.firstName } : child);
  }
}

/** Collects the chunks of one content; up to 64 stay in the node, more become a list. */
export class ChunkListWriter {
  readonly #store: StoreTree;
  #chunks: ChunkReference[] = [];
  #inner: InnerWriter | undefined;
  #size = 0;

  constructor(store: StoreTree) {
    this.#store = store;
  }

  add(chunk: ChunkReference): void {
    this.#size += chunk.length;
    this.#chunks.push(chunk);
    if (this.#inner !== undefined) {
      if (closesList(this.#chunks.length, chunk.id)) this.#flush();
    } else if (this.#chunks.length > contentChunkCountMax) this.#becomeList();
  }

  /** The content of all chunks added, at least one. */
  finish(): Content {
    if (this.#inner === undefined) return { kind: "chunks", chunks: this.#chunks };
    if (this.#chunks.length > 0) this.#flush();
    return { kind: "list", size: this.#size, list: this.#inner.finish() };
  }

  /** A writer that goes on from here, beside this one. */
  fork(): ChunkListWriter {
    const fork = new ChunkListWriter(this.#store);
    fork.#chunks = [...this.#chunks];
    fork.#inner = this.#inner?.fork();
    fork.#size = this.#size;
    return fork;
  }

  #becomeList(): void {
    this.#inner = new InnerWriter(this.#store, "chunks", 1);
  }

  #flush(): void {
    const span = this.#chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    const bytes = encodeChunkLeaf(this.#chunks);
    this.#chunks = [];
    this.#inner!.add({ id: this.#store(bytes), length: bytes.length, span });
  }
}

/** Writes the nodes of one directory, which come in order of name. */
export class DirectoryWriter {
  readonly #store: StoreTree;
  readonly #nameHash: KeyedHash;
  #nodes: NodeToWrite[] = [];
  #weight = 0;
  #inner: InnerWriter | undefined;

  constructor(store: StoreTree, nameHash: KeyedHash) {
    this.#store = store;
    this.#nameHash = nameHash;
  }

  add(node: NodeToWrite): void {
    const weight = nodeWeight(node);
    this.#nodes.push(node);
    this.#weight += weight;
    if (this.#closes(node, weight)) this.#flush();
  }

  finish(): TreeReference {
    if (this.#nodes.length > 0 || this.#inner === undefined) this.#flush();
    return this.#inner!.finish();
  }

  #closes(node: NodeToWrite, weight: number): boolean {
    const count = this.#nodes.length;
    if (count >= ENTRIES_MAX || this.#weight >= WEIGHT_MAX) return true;
    if (count < ENTRIES_MIN && this.#weight < WEIGHT_MIN) return false;
    return headOf(this.#nameHash.hash(node.name)) < Math.max(ENTRY_THRESHOLD, WEIGHT_THRESHOLD * weight);
  }

  #flush(): void {
    const nodes = this.#nodes;
    this.#nodes = [];
    this.#weight = 0;
    const bytes = encodeLeaf(nodes);
    this.#inner ??= new InnerWriter(this.#store, "nodes", 1);
    const firstName = nodes[0]?.name ?? new Uint8Array(0);
    this.#inner.add({ id: this.#store(bytes), length: bytes.length, span: nodes.length, firstName });
  }
}
