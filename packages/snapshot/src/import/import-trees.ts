/** Builds the trees of an import from its entries in order of path: a folder before what is in it. */

import type { KeyedHash } from "@bcat/crypto";
import { decodeLeaf } from "../tree/leaf.js";
import { DirectoryWriter, type StoreTree } from "../tree/list-writer.js";
import { compareBytes, showName } from "../tree/name.js";
import { type Node, NodeType } from "../tree/node.js";
import { nowhere } from "../tree/reference.js";
import { namesOfKey, pathOfKey } from "./archive-path.js";
import type { ImportLinks } from "./import-links.js";
import { type ImportRecord, readRecords } from "./import-record.js";
import type { ImportRun } from "./import-run.js";
import type { SortedRecords } from "./sorted-records.js";

const NO_NAME = new Uint8Array(0);
const NUL = 0x00;
/** Of folders that the archive has no entry for. */
const FOLDER_MODE = 0o755;

interface Level {
  readonly name: Uint8Array;
  readonly node: Node;
  readonly writer: DirectoryWriter;
}

export interface ImportTreesParts {
  readonly run: ImportRun;
  readonly links: ImportLinks;
  readonly storeTree: StoreTree;
  readonly nameHash: KeyedHash;
}

export class ImportTrees {
  readonly #parts: ImportTreesParts;
  readonly #levels: Level[] = [];
  /** The last entry that is no folder: nothing can lie in it. */
  #file: Uint8Array | undefined;

  constructor(parts: ImportTreesParts) {
    this.#parts = parts;
  }

  /** The node of the root. */
  async build(records: SortedRecords): Promise<Node> {
    const { run, links } = this.#parts;
    if (!links.isEmpty) {
      for await (const { key, order, node } of readRecords(records)) {
        if (node !== undefined) links.offer(key, order, node);
        await run.readBytes(0);
      }
    }
    let last: ImportRecord | undefined;
    for await (const record of readRecords(records)) {
      if (last !== undefined && compareBytes(last.key, record.key) !== 0) this.#take(last);
      last = record;
      await run.readBytes(0);
    }
    if (last !== undefined) this.#take(last);
    if (this.#levels.length === 0) this.#open(NO_NAME, folderLike(undefined));
    while (this.#levels.length > 1) this.#close();
    const { node, writer } = this.#levels[0]!;
    run.count(node, true);
    return { ...node, subtree: writer.finish() };
  }

  /** The last of the records of one name is what is there. */
  #take({ key, order, node: encoded }: ImportRecord): void {
    const { run, links } = this.#parts;
    if (this.#file !== undefined && liesIn(key, this.#file)) {
      run.report(pathOfKey(key), `it lies in ${showName(pathOfKey(this.#file))}, which is no folder`);
      return;
    }
    let group: Uint8Array | undefined;
    let bytes = encoded;
    if (bytes === undefined) {
      const found = links.find(order);
      if ("target" in found) {
        run.report(
          pathOfKey(key),
          `it is a link to ${showName(pathOfKey(found.target))}, which does not come before it`,
        );
        return;
      }
      bytes = found.node;
      group = found.group;
    } else group = links.groupOf(key, order);
    const [node] = decodeLeaf(bytes, { root: true, what: "an entry" });
    if (node!.type === NodeType.directory && encoded === undefined) {
      run.report(pathOfKey(key), "it is a link to a folder");
      return;
    }
    this.#add(key, group === undefined ? node! : { ...node!, linkGroup: group }, encoded !== undefined);
  }

  #add(key: Uint8Array, node: Node, isFirst: boolean): void {
    const names = namesOfKey(key);
    this.#openFor(names, node);
    const name = names.at(-1);
    if (node.type === NodeType.directory) {
      this.#open(name ?? NO_NAME, node);
      return;
    }
    if (name === undefined) {
      this.#parts.run.report(NO_NAME, "it is the top of the archive, and no folder");
      return;
    }
    this.#file = key;
    this.#parts.run.count(node, isFirst);
    this.#levels.at(-1)!.writer.add({ ...node, name });
  }

  /** Closes the folders that the entry does not lie in, and opens those that it lies in and that have no entry. */
  #openFor(names: readonly Uint8Array[], node: Node): void {
    if (names.length === 0) return;
    if (this.#levels.length === 0) this.#open(NO_NAME, folderLike(node));
    let shared = 0;
    while (
      shared < names.length - 1 &&
      shared + 1 < this.#levels.length &&
      compareBytes(this.#levels[shared + 1]!.name, names[shared]!) === 0
    )
      shared++;
    while (this.#levels.length > shared + 1) this.#close();
    for (const name of names.slice(shared, -1)) this.#open(name, folderLike(node));
  }

  #open(name: Uint8Array, node: Node): void {
    const { storeTree, nameHash } = this.#parts;
    this.#levels.push({ name, node: { ...node, name }, writer: new DirectoryWriter(storeTree, nameHash) });
  }

  #close(): void {
    const { node, writer } = this.#levels.pop()!;
    this.#parts.run.count(node, true);
    this.#levels.at(-1)!.writer.add({ ...node, subtree: writer.finish() });
  }
}

/** A folder that the archive has no entry for: owner and time are those of the first thing in it. */
function folderLike(node: Node | undefined): Node {
  const { uid = 0, gid = 0, user = "", group = "", mtimeSeconds = 0, mtimeNanoseconds = 0 } = node ?? {};
  return {
    name: NO_NAME,
    type: NodeType.directory,
    mode: FOLDER_MODE,
    uid,
    gid,
    user,
    group,
    mtimeSeconds,
    mtimeNanoseconds,
    subtree: nowhere,
  };
}

function liesIn(key: Uint8Array, folder: Uint8Array): boolean {
  return (
    key.length > folder.length &&
    key[folder.length] === NUL &&
    compareBytes(key.subarray(0, folder.length), folder) === 0
  );
}
