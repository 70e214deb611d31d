/** The records of a scan stream, taken one by one by those who come in its order; damage ends it, as everywhere. */
import { isBcatError } from "@bcat/errors";
import { TREE } from "@bcat/pack";
import type { Repository, Root } from "@bcat/repository";
import { decodeContent } from "../tree/content.js";
import { comparePostOrder } from "../tree/post-order.js";
import { ScanDecoder, type ScanRecord } from "../tree/scan.js";
import { readChunkReferences } from "../tree/tree-reader.js";

const WHAT = "a scan stream";

export class ScanRecords {
  readonly #records: AsyncGenerator<ScanRecord>;
  /** The first that was not asked for yet. */
  #next: ScanRecord | undefined;
  #isOver = false;

  constructor(repository: Repository, root: Root) {
    this.#records = readRecords(repository, root);
  }

  /** The record of the folder at `path`, relative to the root; undefined where there is none. @throws StorageError */
  async take(path: Uint8Array): Promise<ScanRecord | undefined> {
    while (this.#next === undefined || comparePostOrder(this.#next.path, path) < 0) {
      if (this.#isOver) return undefined;
      const { value, done } = await this.#records.next();
      if (done === true) this.#isOver = true;
      else this.#next = value;
    }
    return comparePostOrder(this.#next.path, path) === 0 ? this.#next : undefined;
  }
}

async function* readRecords(repository: Repository, root: Root): AsyncGenerator<ScanRecord> {
  if (root.scan.length === 0) return;
  try {
    const content = decodeContent(root.scan, WHAT);
    const decoder = new ScanDecoder(WHAT);
    if (content.kind === "inline") yield* decoder.feed(content.bytes);
    for await (const chunks of readChunkReferences(repository, content))
      for (const { id } of chunks) yield* decoder.feed(await repository.readChunk(TREE, id));
  } catch (error) {
    if (!isBcatError(error, "corrupt")) throw error;
  }
}
