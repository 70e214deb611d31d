/**
 * Copies the scan stream of a root, so that the next backup of its client finds in the target what it would find in the
 * source. Records come in the order in which folders are finished. The references in them are to be those of the target;
 * of a folder below one that was there already, it is what this run or an earlier copy's stream knows, or else the record
 * is left out, and the folder is walked as if it were new.
 *
 * Digests are keyed, and of stat data that are in no snapshot: they are zeros, so that the next backup compares entries.
 */
import { isBcatError } from "@bcat/errors";
import { TREE } from "@bcat/pack";
import type { Repository, Root } from "@bcat/repository";
import type { ScanWriter } from "../backup/scan-writer.js";
import { decodeContent, encodeContent } from "../tree/content.js";
import { compareBytes } from "../tree/name.js";
import type { TreeReference } from "../tree/node.js";
import { comparePostOrder } from "../tree/post-order.js";
import { ScanDecoder, type ScanRecord, scanDigestSize } from "../tree/scan.js";
import { readChunkReferences } from "../tree/tree-reader.js";
import type { CopiedMemory } from "./copied-memory.js";

const NO_DIGEST = new Uint8Array(scanDigestSize);
const WHAT = "a scan stream";

/** The records of a root; damage ends them. @throws BcatError newer-format; StorageError */
async function* readScan(repository: Repository, { scan }: Root): AsyncGenerator<ScanRecord, undefined> {
  if (scan.length === 0) return undefined;
  try {
    const content = decodeContent(scan, WHAT);
    const decoder = new ScanDecoder(WHAT);
    if (content.kind === "inline") yield* decoder.feed(content.bytes);
    for await (const chunks of readChunkReferences(repository, content)) {
      for (const { id } of chunks) yield* decoder.feed(await repository.readChunk(TREE, id));
    }
  } catch (error) {
    if (!isBcatError(error, "corrupt")) throw error;
  }
  return undefined;
}

/** One record ahead. */
class ScanCursor {
  readonly #records: AsyncGenerator<ScanRecord, undefined>;
  #head: Promise<ScanRecord | undefined> | undefined;

  constructor(repository: Repository, root: Root) {
    this.#records = readScan(repository, root);
  }

  head(): Promise<ScanRecord | undefined> {
    this.#head ??= this.#records.next().then(({ value }) => value);
    return this.#head;
  }

  pass(): void {
    this.#head = undefined;
  }

  /** The record of `path`, when paths are asked for in their order. */
  async find(path: Uint8Array): Promise<ScanRecord | undefined> {
    for (;;) {
      const record = await this.head();
      if (record === undefined) return undefined;
      const order = comparePostOrder(record.path, path);
      if (order === 0) return record;
      if (order > 0) return undefined;
      this.pass();
    }
  }
}

export interface ScanCopierParts {
  readonly source: Repository;
  readonly target: Repository;
  /** Of the snapshot at hand. */
  readonly root: Root;
  /** The same root in an earlier copy, in both. */
  readonly before: { readonly source: Root; readonly target: Root } | undefined;
  readonly memory: CopiedMemory;
  readonly writer: ScanWriter;
}

export class ScanCopier {
  readonly #parts: ScanCopierParts;
  readonly #records: ScanCursor;
  readonly #sourceBefore: ScanCursor | undefined;
  readonly #targetBefore: ScanCursor | undefined;
  #isEnded = false;

  constructor(parts: ScanCopierParts) {
    const { source, target, root, before } = parts;
    this.#parts = parts;
    this.#records = new ScanCursor(source, root);
    if (before === undefined) return;
    this.#sourceBefore = new ScanCursor(source, before.source);
    this.#targetBefore = new ScanCursor(target, before.target);
  }

  /** A folder is finished. @param path relative to the root */
  async folder(path: Uint8Array, target: TreeReference): Promise<void> {
    for (let record = await this.#records.head(); record !== undefined; record = await this.#records.head()) {
      const order = comparePostOrder(record.path, path);
      if (order > 0) return;
      this.#records.pass();
      const tree = order === 0 ? target : await this.#treeOf(record);
      if (tree !== undefined) this.#append({ ...record, tree });
    }
  }

  /** A root that is no folder. */
  async single(): Promise<void> {
    const record = await this.#records.head();
    if (record !== undefined && record.path.length === 0 && record.tree.length === 0) this.#append(record);
  }

  /** The content of the stream; without bytes when the record of the root is missing. */
  finish(): Uint8Array {
    const { content } = this.#parts.writer.finish();
    return this.#isEnded ? encodeContent(content) : new Uint8Array(0);
  }

  #append(record: ScanRecord): void {
    this.#parts.writer.append({ ...record, digest: NO_DIGEST });
    if (record.path.length === 0) this.#isEnded = true;
  }

  /** Of a folder below one that was there already. */
  async #treeOf({ path, tree }: ScanRecord): Promise<TreeReference | undefined> {
    const known = this.#parts.memory.tree(tree);
    if (known !== undefined) return known;
    const source = await this.#sourceBefore?.find(path);
    if (source === undefined || compareBytes(source.tree.id, tree.id) !== 0) return undefined;
    return (await this.#targetBefore?.find(path))?.tree;
  }
}
