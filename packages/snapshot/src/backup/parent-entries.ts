/** What the parent snapshot knows of a root: its scan records, in the order of the walk, and the nodes behind them. */
import { isBcatError } from "@bcat/errors";
import { TREE } from "@bcat/pack";
import type { Repository, Root, Snapshot } from "@bcat/repository";
import { decodeContent } from "../tree/content.js";
import { compareBytes } from "../tree/name.js";
import type { Node } from "../tree/node.js";
import { comparePostOrder } from "../tree/post-order.js";
import { ScanDecoder, type ScanRecord } from "../tree/scan.js";
import { decodeScanStats, type ScanStats } from "../tree/scan-stats.js";
import { readChunkReferences, readNodes } from "../tree/tree-reader.js";

/** A parent: a snapshot of the same host and roots. */
export interface Parent {
  readonly number: number;
  readonly snapshot: Snapshot;
}

/**
 * Reads the scan stream of a root beside a walk in the same order, so that neither is ever held whole. Damage ends the
 * stream: what follows is then walked as if it were new, which costs time and nothing else.
 */
export class ParentScan {
  readonly #records: AsyncGenerator<ScanRecord>;
  #current: ScanRecord | undefined;
  #started = false;
  #ended = false;

  constructor(repository: Repository, root: Root) {
    this.#records = readScan(repository, root);
  }

  /** The record of the directory at `path`; calls come in the order of the stream. */
  async find(path: Uint8Array): Promise<ScanRecord | undefined> {
    if (!this.#started) await this.#next();
    this.#started = true;
    while (this.#current !== undefined && comparePostOrder(this.#current.path, path) < 0) await this.#next();
    return this.#current !== undefined && comparePostOrder(this.#current.path, path) === 0 ? this.#current : undefined;
  }

  async #next(): Promise<void> {
    this.#current = undefined;
    if (this.#ended) return;
    try {
      const { value, done } = await this.#records.next();
      if (done !== true) this.#current = value;
      else this.#ended = true;
    } catch (error) {
      if (!isBcatError(error, "corrupt")) throw error;
      this.#ended = true;
    }
  }
}

async function* readScan(repository: Repository, root: Root): AsyncGenerator<ScanRecord> {
  if (root.scan.length === 0) return;
  const decoder = new ScanDecoder("a scan stream");
  const content = decodeContent(root.scan, "a scan stream");
  if (content.kind === "inline") yield* decoder.feed(content.bytes);
  for await (const chunks of readChunkReferences(repository, content)) {
    for (const { id } of chunks) yield* decoder.feed(await repository.readChunk(TREE, id));
  }
}

/** An entry of the parent: its node, and the stat data its node lacks. */
export interface ParentEntry {
  readonly node: Node;
  readonly stats: ScanStats;
  /** Row in `stats`. */
  readonly row: number;
}

/** The entries of one directory of the parent, asked for in order of name. Damage ends them, as in {@link ParentScan}. */
export class ParentEntries {
  readonly #leaves: AsyncIterator<readonly Node[]>;
  readonly #record: ScanRecord;
  #stats: ScanStats | undefined;
  #leaf: readonly Node[] = [];
  #at = 0;
  #passed = 0;
  #ended = false;

  constructor(repository: Repository, record: ScanRecord) {
    this.#record = record;
    this.#leaves = readNodes(repository, record.tree);
  }

  /** True when {@link find} can answer for `name` without {@link nextLeaf}. */
  covers(name: Uint8Array): boolean {
    const last = this.#leaf.at(-1);
    return this.#ended || (last !== undefined && compareBytes(name, last.name) <= 0);
  }

  async nextLeaf(): Promise<void> {
    this.#passed += this.#leaf.length;
    this.#leaf = [];
    this.#at = 0;
    try {
      const { value, done } = await this.#leaves.next();
      if (done === true || value.length === 0) this.#ended = true;
      else this.#leaf = value;
      this.#stats ??= decodeScanStats(this.#record, { what: "a scan record" });
    } catch (error) {
      if (!isBcatError(error, "corrupt")) throw error;
      this.#ended = true;
    }
  }

  find(name: Uint8Array): ParentEntry | undefined {
    for (; this.#at < this.#leaf.length; this.#at++) {
      const node = this.#leaf[this.#at]!;
      const order = compareBytes(node.name, name);
      if (order > 0) return undefined;
      const row = this.#passed + this.#at;
      if (order === 0 && this.#stats !== undefined && row < this.#record.entryCount)
        return { node, stats: this.#stats, row };
    }
    return undefined;
  }
}
