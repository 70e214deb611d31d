/**
 * What was copied in this run: trees and contents of the source, and what they are in the target. Bounded: in two halves,
 * of which the older is forgotten when the younger is full; what is asked for becomes young again.
 */
import { ByteReader, ByteWriter } from "@bcat/codec";
import type { PackContext } from "@bcat/pack";
import { decodeContent, encodeContent } from "../tree/content.js";
import type { Content, TreeReference } from "../tree/node.js";
import { readReference, writeReference } from "../tree/reference.js";

/** Bytes of both halves, each entry counting what it costs beside its own: some 400,000 folders and files. */
export const memorySizeMax = 128 * 2 ** 20;
const ENTRY_COST = 200;

export class CopiedMemory {
  /** The lowest log head that what it knows was checked against; undefined when it knows nothing. */
  logHead: number | undefined;
  readonly #hash: PackContext["blake3"];
  readonly #halfMax: number;
  #young = new Map<string, Uint8Array>();
  #old = new Map<string, Uint8Array>();
  #size = 0;

  constructor(hash: PackContext["blake3"], sizeMax = memorySizeMax) {
    this.#hash = hash;
    this.#halfMax = sizeMax / 2;
  }

  tree(source: TreeReference): TreeReference | undefined {
    const bytes = this.#find(treeKey(source));
    return bytes === undefined ? undefined : readReference(new ByteReader(bytes, "a copied tree"));
  }

  setTree(source: TreeReference, target: TreeReference): void {
    const writer = new ByteWriter(40);
    writeReference(writer, target);
    this.#set(treeKey(source), writer.finish());
  }

  content(source: Content): Content | undefined {
    const bytes = this.#find(this.#contentKey(source));
    return bytes === undefined ? undefined : decodeContent(bytes, "a copied content");
  }

  setContent(source: Content, target: Content): void {
    this.#set(this.#contentKey(source), encodeContent(target));
  }

  /** To be called when what it knows may not be referred to any more. */
  clear(): void {
    this.#young.clear();
    this.#old.clear();
    this.#size = 0;
    this.logHead = undefined;
  }

  #find(key: string): Uint8Array | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.#set(key, old);
    return old;
  }

  #set(key: string, value: Uint8Array): void {
    if (this.#young.has(key)) return;
    this.#young.set(key, value);
    this.#size += key.length + value.length + ENTRY_COST;
    if (this.#size < this.#halfMax) return;
    this.#old = this.#young;
    this.#young = new Map();
    this.#size = 0;
  }

  #contentKey(content: Content): string {
    return `c${Buffer.from(this.#hash.hash(encodeContent(content))).toString("latin1")}`;
  }
}

function treeKey({ id }: TreeReference): string {
  return `t${Buffer.from(id.buffer, id.byteOffset, id.length).toString("latin1")}`;
}
