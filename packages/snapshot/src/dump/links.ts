/**
 * Entries with several names (hard links): the first is put into an archive with its content, the others as links to it.
 * As in a restore, only names with which all else agrees are one entry.
 */
import type { KeyedHash } from "@bcat/crypto";
import { encodeLeaf } from "../tree/leaf.js";
import { type Node, NodeType } from "../tree/node.js";
import type { DumpItem } from "./window.js";

/** Entries whose first name is remembered, about 300 bytes each. The names of further ones each get the content. */
const ENTRIES_MAX = 2 ** 20;
const NO_NAME = new Uint8Array(0);

export interface FirstName {
  /** In the archive. */
  readonly name: Uint8Array;
  readonly item: DumpItem;
}

export class Links {
  readonly #hash: KeyedHash;
  readonly #first = new Map<string, FirstName>();
  /** An entry whose names may each have got the content, for there were too many entries. */
  overflow: Uint8Array | undefined;

  /** @param hash tells entries apart */
  constructor(hash: KeyedHash) {
    this.#hash = hash;
  }

  /** The name that came before, of an entry that has one; otherwise `name` is the first from now on. */
  find(node: Node, name: FirstName): FirstName | undefined {
    if (node.linkGroup === undefined || node.type === NodeType.directory) return undefined;
    const key = this.#keyOf(node);
    const known = this.#first.get(key);
    // One that could not be read is not there to be linked to.
    if (known !== undefined && known.item.failure === undefined) return known;
    if (this.#first.size >= ENTRIES_MAX) this.overflow ??= name.item.path;
    else this.#first.set(key, name);
    return undefined;
  }

  /** 16 bytes of the hash of all of the node, but for its name. */
  #keyOf(node: Node): string {
    const hash = this.#hash.hash(encodeLeaf([{ ...node, name: NO_NAME }], { root: true }));
    return Buffer.from(hash.buffer, hash.byteOffset, 16).toString("latin1");
  }
}
