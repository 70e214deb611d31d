/**
 * Entries with several names (hard links): the first is put into an archive with its content, the others as links to it.
 * As in a restore, only names with which all else agrees are one entry.
 */
import type { KeyedHash } from "@bcat/crypto";
import { encodeLeaf } from "../tree/leaf.js";
import { type Node, NodeType } from "../tree/node.js";
import type { DumpItem } from "./window.js";

/** Entries whose first name is remembered, about 200 bytes each. The names of further ones each get the content. */
const ENTRIES_MAX = 2 ** 20;
const NO_NAME = new Uint8Array(0);

/** Of an entry, without the entry itself: there may be very many. */
export class FirstName {
  /** Why the entry cannot be read, should it turn out so. */
  failure: Error | undefined = undefined;
  readonly #name: string;
  readonly #path: string;

  constructor(name: Uint8Array, path: Uint8Array) {
    this.#name = Buffer.from(name).toString("latin1");
    this.#path = Buffer.from(path).toString("latin1");
  }

  /** In the archive. */
  get name(): Uint8Array {
    return Buffer.from(this.#name, "latin1");
  }

  get path(): Uint8Array {
    return Buffer.from(this.#path, "latin1");
  }
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
  find(item: DumpItem, name: Uint8Array): FirstName | undefined {
    const { node, path } = item;
    if (node.linkGroup === undefined || node.type === NodeType.directory) return undefined;
    const key = this.#keyOf(node);
    const known = this.#first.get(key);
    // One that could not be read is not there to be linked to.
    if (known !== undefined && known.failure === undefined) return known;
    if (known === undefined && this.#first.size >= ENTRIES_MAX) {
      this.overflow ??= path;
      return undefined;
    }
    item.firstName = new FirstName(name, path);
    this.#first.set(key, item.firstName);
    return undefined;
  }

  /** 16 bytes of the hash of all of the node, but for its name. */
  #keyOf(node: Node): string {
    const hash = this.#hash.hash(encodeLeaf([{ ...node, name: NO_NAME }], { root: true }));
    return Buffer.from(hash.buffer, hash.byteOffset, 16).toString("latin1");
  }
}
