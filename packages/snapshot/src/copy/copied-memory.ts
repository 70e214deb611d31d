/**
 * What was copied in this run: trees and contents of the source, and what they are in the target. Bounded: in two halves,
 * of which the older is forgotten when the younger is full; what is asked for becomes young again.
 */
import type { PackContext } from "@bcat/pack";
import { encodeContent } from "../tree/content.js";
import type { Content, TreeReference } from "../tree/node.js";

/** Bytes of both halves: some 300,000 folders and files. */
export const memorySizeMax = 128 * 2 ** 20;
/** What an entry takes, its key included; and each chunk of a content. */
const ENTRY_COST = 300;
const CHUNK_COST = 150;

type Copied = Content | TreeReference;

export class CopiedMemory {
  /** The lowest log head that what it knows was checked against; undefined when it knows nothing. */
  logHead: number | undefined;
  readonly #hash: PackContext["blake3"];
  readonly #halfMax: number;
  #young = new Map<string, Copied>();
  #old = new Map<string, Copied>();
  #size = 0;

  constructor(hash: PackContext["blake3"], sizeMax = memorySizeMax) {
    this.#hash = hash;
    this.#halfMax = sizeMax / 2;
  }

  tree(source: TreeReference): TreeReference | undefined {
    return this.#find(treeKey(source)) as TreeReference | undefined;
  }

  setTree(source: TreeReference, { level, length, id }: TreeReference): void {
    // Out of a leaf, it would keep all of that in memory.
    this.#set(treeKey(source), { level, length, id: id.slice() });
  }

  content(source: Content): Content | undefined {
    return this.#find(this.#contentKey(source)) as Content | undefined;
  }

  /** @param target whose ids have memory of their own */
  setContent(source: Content, target: Content): void {
    this.#set(this.#contentKey(source), target);
  }

  /** To be called when what it knows may not be referred to any more. */
  clear(): void {
    this.#young.clear();
    this.#old.clear();
    this.#size = 0;
    this.logHead = undefined;
  }

  #find(key: string): Copied | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.#set(key, old);
    return old;
  }

  #set(key: string, value: Copied): void {
    if (this.#young.has(key)) return;
    this.#young.set(key, value);
    this.#size += ENTRY_COST + ("chunks" in value ? value.chunks.length * CHUNK_COST : 0);
    if (this.#size < this.#halfMax) return;
    this.#old = this.#young;
    this.#young = new Map();
    this.#size = 0;
  }

  /** Most contents are one chunk, and known by its id. */
  #contentKey(content: Content): string {
    if (content.kind === "list") return `l${idText(content.list.id)}`;
    if (content.kind === "chunks" && content.chunks.length === 1) return `c${idText(content.chunks[0]!.id)}`;
    return `m${idText(this.#hash.hash(encodeContent(content)))}`;
  }
}

function treeKey({ id }: TreeReference): string {
  return `t${idText(id)}`;
}

function idText(id: Uint8Array): string {
  return Buffer.from(id.buffer, id.byteOffset, id.length).toString("latin1");
}
