/**
 * Hard links of an archive: names of an entry that came before. What that was is found when all entries are there: of
 * several of one name, the last that came before the link, as for who takes the archive out.
 */
import type { KeyedHash } from "@bcat/crypto";
import { BcatError } from "@bcat/errors";
import { linkGroupSize } from "../tree/node.js";

/** Links of an archive, up to 1 KB each. */
export const linksMax = 2 ** 20;

/** What a link, or several of one entry, lead to. */
interface Link {
  /** When it came. */
  readonly order: number;
  /** The entry, encoded, and when that came; undefined until it is found. */
  node: Uint8Array | undefined;
  targetOrder: number;
  readonly target: Uint8Array;
}

export class ImportLinks {
  readonly #hash: KeyedHash;
  /** By the key of what they lead to. */
  readonly #targets = new Map<string, Link[]>();
  /** By when the name came. */
  readonly #links = new Map<number, Link>();
  /** By name, as long as nothing else takes it. */
  readonly #names = new Map<string, Link>();

  constructor(hash: KeyedHash) {
    this.#hash = hash;
  }

  get isEmpty(): boolean {
    return this.#links.size === 0;
  }

  /** A name that is a link. A link to a link is one to what that leads to. @throws BcatError refused */
  add(name: Uint8Array, target: Uint8Array, order: number): void {
    if (this.#links.size >= linksMax)
      throw new BcatError("refused", `Cannot import: there are more than ${linksMax} hard links`);
    const key = keyText(target);
    let link = this.#names.get(key);
    if (link === undefined) {
      link = { order, node: undefined, targetOrder: 0, target };
      const others = this.#targets.get(key);
      if (others === undefined) this.#targets.set(key, [link]);
      else others.push(link);
    }
    this.#links.set(order, link);
    this.#names.set(keyText(name), link);
  }

  /** A name that is something else from now on. */
  replace(name: Uint8Array): void {
    if (this.#names.size > 0) this.#names.delete(keyText(name));
  }

  /** Offers every entry that is no link, those of one name in the order in which they came. */
  offer(key: Uint8Array, order: number, node: Uint8Array): void {
    const links = this.#targets.get(keyText(key));
    if (links === undefined) return;
    // Not as it is: with it, all that was read together would stay in memory.
    const own = node.slice();
    for (const link of links) {
      if (link.order < order) continue;
      link.node = own;
      link.targetOrder = order;
    }
  }

  /** What the name that came at `order` leads to. */
  find(order: number): { node: Uint8Array; group: Uint8Array } | { target: Uint8Array } {
    const { node, target, targetOrder } = this.#links.get(order)!;
    return node === undefined ? { target } : { node, group: this.#group(target, targetOrder) };
  }

  /** The group of an entry that links lead to. */
  groupOf(key: Uint8Array, order: number): Uint8Array | undefined {
    const links = this.#targets.get(keyText(key));
    return links?.some(({ targetOrder, node }) => node !== undefined && targetOrder === order)
      ? this.#group(key, order)
      : undefined;
  }

  #group(key: Uint8Array, order: number): Uint8Array {
    const identity = Buffer.concat([Buffer.from("tar"), new Uint8Array(Float64Array.of(order).buffer), key]);
    return this.#hash.hash(identity).slice(0, linkGroupSize);
  }
}

function keyText(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.length).toString("latin1");
}
